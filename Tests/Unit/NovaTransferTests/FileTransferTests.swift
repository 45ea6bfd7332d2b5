import CommonTestKit
import Glibc
import NovaCore
import NovaCrypto
import Synchronization
import Testing

@testable import NovaTransfer

@Suite struct FileTransferTests {
    private func blocksOnDisk(_ path: String) throws -> Int64 {
        var info = stat()
        try #require(stat(path, &info) == 0)
        return Int64(info.st_blocks) * 512
    }

    /// 64 MiB of which 20 are data.
    private static let dataBlocks = (0..<256).map { UInt64($0) }.filter { $0 % 16 < 5 }
    private static let dataBytes = Int64(dataBlocks.count * BlockDigest.blockSize)

    @Test(.timeLimit(.minutes(2))) func sparseFileThatIsCutTwiceArrivesWhole() async throws {
        let fixture = try TransferFixture()
        let (source, target) = (try fixture.host("source"), try fixture.host("target"))
        let path = try fixture.makeSparse("disk", megabytes: 64, dataBlocks: Self.dataBlocks)
        let copy = "\(fixture.folder.path)/copy"
        try await fixture.listening(source) {
            let offer = try await source.transfers.offer(fixture.scope, ["disk": path])
            let proxy = try CuttingProxy(to: offer.port, cuts: [9 << 20, 300_000, 1_000])
            defer { proxy.stop() }
            let peer = try fixture.peer(source, try fixture.grant(source, target), port: proxy.port)
            let seen = Mutex<[Int64]>([])
            let received = try await target.transfers.fetch(offer.files[0], from: peer, to: copy) { progress in
                seen.withLock { $0.append(progress.done) }
            }
            #expect(proxy.connections == 4)
            // Holes did not travel, and what had come was not sent again.
            #expect(received == Self.dataBytes)
            // Sent, too: what was in the system's buffers at a cut.
            #expect(source.sent < 2 * Self.dataBytes)
            seen.withLock {
                #expect($0 == $0.sorted())
                #expect($0.last == 64 << 20)
            }
            #expect(try SourceFile(copy).digest() == offer.files[0].digest)
            #expect(try blocksOnDisk(copy) <= Self.dataBytes + (1 << 20))
            // A repeated step finds it.
            #expect(try await target.transfers.fetch(offer.files[0], from: peer, to: copy) == 0)
        }
    }

    @Test(.timeLimit(.minutes(2))) func anotherProcessGoesOnWhereTheFirstWasKilled() async throws {
        let fixture = try TransferFixture()
        let source = try fixture.host("source")
        let path = try fixture.makeSparse("disk", megabytes: 64, dataBlocks: Self.dataBlocks)
        let copy = "\(fixture.folder.path)/copy"
        try await fixture.listening(source) {
            let offer = try await source.transfers.offer(fixture.scope, ["disk": path])
            let first = try fixture.host("target") { $0.attempts = 1 }
            let proxy = try CuttingProxy(to: offer.port, cuts: [11 << 20])
            defer { proxy.stop() }
            let broken = await code {
                let peer = try fixture.peer(source, try fixture.grant(source, first), port: proxy.port)
                _ = try await first.transfers.fetch(offer.files[0], from: peer, to: copy)
            }
            #expect(broken == .unavailable)
            #expect(access(copy, F_OK) != 0)
            let second = try fixture.host("target")
            let received = try await second.transfers.fetch(
                offer.files[0], from: try fixture.peer(source, try fixture.grant(source, second)), to: copy)
            #expect(received > 0 && received < Self.dataBytes - (9 << 20))
            #expect(try SourceFile(copy).digest() == offer.files[0].digest)
            #expect(try TransferIO.names(in: fixture.folder.path).allSatisfy { !$0.hasSuffix(".part") })
        }
    }

    @Test(.timeLimit(.minutes(1))) func emptyAndOddFilesArrive() async throws {
        let fixture = try TransferFixture()
        let (source, target) = (try fixture.host("source"), try fixture.host("target"))
        let odd = try fixture.makeSparse("odd", megabytes: 1, dataBlocks: [0, 3])
        let empty = try fixture.makeSparse("empty", megabytes: 0, dataBlocks: [])
        try #require(truncate(odd, off_t(3 * BlockDigest.blockSize + 17)) == 0)
        try await fixture.listening(source) {
            let offer = try await source.transfers.offer(fixture.scope, ["_base/odd": odd, "empty": empty])
            let peer = try fixture.peer(source, try fixture.grant(source, target))
            for file in offer.files {
                let copy = "\(fixture.folder.path)/copy-\(file.size)"
                _ = try await target.transfers.fetch(file, from: peer, to: copy)
                let arrived = try SourceFile(copy)
                #expect(arrived.size == file.size)
                #expect(try arrived.digest() == file.digest)
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func fileThatChangedAfterTheOfferIsRefused() async throws {
        let fixture = try TransferFixture()
        let (source, target) = (try fixture.host("source"), try fixture.host("target"))
        let path = try fixture.makeSparse("disk", megabytes: 4, dataBlocks: [1, 3, 7])
        let copy = "\(fixture.folder.path)/copy"
        try await fixture.listening(source) {
            let offer = try await source.transfers.offer(fixture.scope, ["disk": path])
            let peer = try fixture.peer(source, try fixture.grant(source, target))
            _ = try fixture.makeSparse("disk", megabytes: 4, dataBlocks: [1, 3, 8])
            let changed = await code { _ = try await target.transfers.fetch(offer.files[0], from: peer, to: copy) }
            #expect(changed == .conflict)
            _ = try fixture.makeSparse("disk", megabytes: 3, dataBlocks: [1, 3])
            let shorter = await code { _ = try await target.transfers.fetch(offer.files[0], from: peer, to: copy) }
            #expect(shorter == .conflict)
            #expect(access(copy, F_OK) != 0)
            #expect(try TransferIO.names(in: fixture.folder.path).allSatisfy { !$0.hasSuffix(".part") })
        }
    }

    @Test(.timeLimit(.minutes(1))) func readerThatStopsHoldsLittleAndIsCut() async throws {
        let fixture = try TransferFixture()
        let source = try fixture.host("source") { $0.silence = .seconds(1) }
        let path = try fixture.makeSparse("disk", megabytes: 64, dataBlocks: Array(0..<256))
        try await fixture.listening(source) {
            let offer = try await source.transfers.offer(fixture.scope, ["disk": path])
            let tls = try TransferTLS(name: "lazy")
            let grant = TransferGrant(
                serverID: fixture.scope.serverID, workflowID: fixture.scope.workflowID, purpose: .disk,
                listening: source.transfers.end, connecting: TransferEnd(host: "lazy", fingerprint: tls.fingerprint),
                expires: Timestamp.now().adding(seconds: 60))
            let peer = try fixture.peer(
                source, Secret(try RecordSigner<TransferGrant>(key: fixture.key).sign(grant)))
            let connector = TransferConnector(tls: tls, limits: TransferLimits())
            try await connector.connect(to: peer) { reader, writer in
                guard case .welcome = try await reader.next() else { throw TransferLink.broken("no welcome") }
                try await writer.send(.fetch(TransferFetch(name: "disk", block: 0)))
                // Nothing is read: what is under way stays small, and the place is free again after the silence.
                try await until("it is cut") { source.open == 0 }
            }
            // The system's own buffers of a connection take some.
            #expect(source.sent < 32 << 20)
            #expect(offer.files[0].size == 64 << 20)
        }
    }
}
