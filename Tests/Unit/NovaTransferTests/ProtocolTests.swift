import Glibc
import NIOSSL
import NovaCore
import NovaCrypto
import NovaWire
import Testing

@testable import NovaTransfer

@Suite struct TransferProtocolTests {
    private let block = [UInt8](repeating: 3, count: BlockDigest.blockSize)
    private static let frames: [TransferFrame] = [
        .hello(TransferHello(grant: Secret("g"), stream: "memory")),
        .welcome(TransferWelcome(files: [OfferedFile(name: "disk", size: 5, digest: "aa")])),
        .refused(TransferRefusal(NovaError(.forbidden, "no"))), .fetch(TransferFetch(name: "disk", block: 3)),
        .block(index: 9, bytes: [1, 2, 3]), .end, .bytes([4, 5]), .finished, .beat,
    ]

    @Test func messagesComeOutAsTheyWentIn() throws {
        let all = Self.frames.flatMap { $0.encoded() }
        // In pieces of every length, as a network cuts them.
        for piece in 1...all.count {
            var reader = FrameReader()
            var found: [TransferFrame] = []
            for start in stride(from: 0, to: all.count, by: piece) {
                reader.append(all[start..<min(all.count, start + piece)])
                while let frame = try reader.next() { found.append(frame) }
            }
            #expect(found == Self.frames)
            #expect(reader.isAtBoundary)
        }
    }

    @Test func whatIsNoMessageIsRefused() throws {
        let bad: [[UInt8]] = [
            [0, 0, 0, 0, 0], [99, 0, 0, 0, 0], [6, 0, 0, 0, 1, 7], [5, 0, 0, 0, 8] + [UInt8](repeating: 0, count: 8),
            [7, 0, 0, 0, 0], [1, 0, 0, 0, 1, 200], [1, 0, 0, 0x20, 1], [4, 255, 255, 255, 255],
        ]
        for bytes in bad {
            var reader = FrameReader()
            reader.append(bytes)
            #expect(throws: NovaError.self, "\(bytes)") { try reader.next() }
        }
        var reader = FrameReader()
        reader.append([1, 0, 0, 0])
        #expect(try reader.next() == nil)
        #expect(!reader.isAtBoundary)
    }

    @Test func holesAndZerosHaveTheSameDigest() throws {
        let fixture = try TransferFixture()
        let one = try SourceFile(try fixture.makeSparse("one", megabytes: 4, dataBlocks: [2, 9]))
        let path = try fixture.makeSparse("two", megabytes: 4, dataBlocks: [2, 9])
        let file = try #require(fopen(path, "r+"))
        fseek(file, 4 * BlockDigest.blockSize, SEEK_SET)
        let zeros = [UInt8](repeating: 0, count: BlockDigest.blockSize)
        #expect(fwrite(zeros, 1, zeros.count, file) == zeros.count)
        fclose(file)
        #expect(try SourceFile(path).digest() == one.digest())
        let other = try SourceFile(try fixture.makeSparse("three", megabytes: 4, dataBlocks: [2, 8]))
        #expect(try other.digest() != one.digest())
        let longer = try SourceFile(try fixture.makeSparse("four", megabytes: 5, dataBlocks: [2, 9]))
        #expect(try longer.digest() != one.digest())
    }

    /// The vector of proto-spec/wire/transfer.md.
    @Test func digestIsAsDescribed() {
        var digest = BlockDigest()
        [UInt8]("abc".utf8).withUnsafeBytes { digest.add(index: 1, block: $0) }
        #expect(
            digest.finish(size: 262_147) == "0f3e1731a4a40c6336ff3ac1e22f770743d8131244071c0d3fbb16489a693c87")
    }

    @Test func fetchingSideTakesNothingOutOfPlace() throws {
        let size = Int64(BlockDigest.blockSize) * 3 - 100
        let file = OfferedFile(name: "disk", size: size, digest: String(repeating: "0", count: 64))
        func receiving() throws -> FetchState {
            var state = FetchState(file, next: 1)
            #expect(try state.handle(.welcome(TransferWelcome(files: [file]))) == .ask)
            #expect(state.request == TransferFetch(name: "disk", block: 1))
            return state
        }
        var state = try receiving()
        #expect(try state.handle(.block(index: 1, bytes: block[...])) == .write(index: 1, bytes: block[...]))
        #expect(state.request.block == 2)
        let wrong: [TransferFrame] = [
            .block(index: 0, bytes: block[...]), .block(index: 2, bytes: block[...]),
            .block(index: 3, bytes: block[...]), .block(index: .max, bytes: block[...]),
            .block(index: 1, bytes: block[1...]), .bytes([1]), .finished, .fetch(TransferFetch()),
            .welcome(TransferWelcome(files: [file])), .hello(TransferHello()),
        ]
        for frame in wrong {
            var state = try receiving()
            #expect(throws: NovaError.self) { try state.handle(frame) }
        }
        // The content is not what was offered.
        #expect { _ = try state.handle(.end) } throws: { NovaError($0).code == .conflict }
        // Nothing before the greeting, and nothing from one that offers another content.
        var early = FetchState(file)
        #expect(throws: NovaError.self) { try early.handle(.block(index: 0, bytes: block[...])) }
        var changed = file
        changed.size += 1
        #expect { _ = try early.handle(.welcome(TransferWelcome(files: [changed]))) } throws: {
            NovaError($0).code == .conflict
        }
    }

    @Test func listeningSideTakesNothingOutOfTurn() throws {
        let file = OfferedFile(name: "disk", size: 10, digest: "")
        var state = ListenerState()
        #expect(throws: NovaError.self) { try state.handle(.fetch(TransferFetch(name: "disk", block: 0))) }
        let hello = TransferHello(grant: Secret("g"))
        #expect(try state.handle(.hello(hello)) == .decide(hello))
        #expect(throws: NovaError.self) { try state.handle(.hello(hello)) }
        state.admitted([file])
        #expect { _ = try state.handle(.fetch(TransferFetch(name: "../etc/shadow", block: 0))) } throws: {
            NovaError($0).code == .notFound
        }
        #expect(throws: NovaError.self) { try state.handle(.fetch(TransferFetch(name: "disk", block: 2))) }
        #expect(try state.handle(.fetch(TransferFetch(name: "disk", block: 1))) == .send(file, from: 1))
        #expect(throws: NovaError.self) { try state.handle(.fetch(TransferFetch(name: "disk", block: 0))) }
        var old = TransferHello()
        old.version = 0
        var fresh = ListenerState()
        #expect { _ = try fresh.handle(.hello(old)) } throws: { NovaError($0).code == .unsupportedVersion }
    }

    @Test func grantOfAnImageIsNoneOfATransfer() throws {
        let key = SigningKey()
        let image = try GrantSigner(key: key).sign(
            Grant(imageID: .none, host: "a", access: .read, expires: Timestamp.now().adding(seconds: 60)))
        let transfer = try RecordSigner<TransferGrant>(key: key).sign(
            TransferGrant(
                serverID: .none, workflowID: .none, purpose: .liveMigration,
                listening: TransferEnd(host: "a", fingerprint: "1"),
                connecting: TransferEnd(host: "b", fingerprint: "2"),
                expires: Timestamp.now().adding(seconds: 60)))
        let verifier = RecordVerifier<TransferGrant>(keys: [key.verifyingKey])
        #expect(throws: SignatureError.malformed) { try verifier.verify(image) }
        #expect(throws: SignatureError.malformed) { try GrantVerifier(keys: [key.verifyingKey]).verify(transfer) }
        #expect(try verifier.verify(transfer).connecting.host == "b")
    }

    @Test func certificateIsOneForTLS() throws {
        let own = try SelfSignedCertificate(name: "host-1")
        let read = try NIOSSLCertificate(bytes: own.certificate, format: .der)
        #expect(try read.toDERBytes() == own.certificate)
        #expect(read.notValidBefore == 0)
        #expect(SelfSignedCertificate.fingerprint(of: own.certificate) == own.fingerprint)
        #expect(try SelfSignedCertificate(name: "host-1").fingerprint != own.fingerprint)
        #expect("\(own.privateKey)" == "***")
    }
}
