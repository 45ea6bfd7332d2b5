import CommonTestKit
import Glibc
import NIOCore
import NovaCore
import NovaCrypto
import Testing

@testable import NovaTransfer

@Suite struct AdmissionTests {
    @Test(.timeLimit(.minutes(1))) func onlyTheHostsOfTheGrantAreLetIn() async throws {
        let fixture = try TransferFixture()
        let (source, target, third) = (
            try fixture.host("source"), try fixture.host("target"), try fixture.host("third")
        )
        let path = try fixture.makeSparse("disk", megabytes: 1, dataBlocks: [1])
        try await fixture.listening(source, third) {
            let offer = try await source.transfers.offer(fixture.scope, ["disk": path])
            func fetch(_ host: TransferFixture.Host, _ peer: TransferPeer) async -> NovaError.Code? {
                let copy = "\(fixture.folder.path)/copy-\(UUID128.random())"
                return await code { _ = try await host.transfers.fetch(offer.files[0], from: peer, to: copy) }
            }
            let grant = try fixture.grant(source, target)
            let peer = try fixture.peer(source, grant)
            #expect(await fetch(target, peer) == nil)
            // The same grant in the hands of another host.
            #expect(await fetch(third, peer) == .forbidden)
            #expect(source.refusals("wrong_peer") == 1)
            // A grant for another host's service.
            #expect(await fetch(target, try fixture.peer(source, try fixture.grant(third, target))) == .forbidden)
            #expect(source.refusals("wrong_host") == 1)
            // Too late, altered, signed by somebody else, nothing.
            #expect(
                await fetch(target, try fixture.peer(source, try fixture.grant(source, target, seconds: -1)))
                    == .unauthorized)
            var altered = grant.reveal()
            let place = altered.index(altered.startIndex, offsetBy: 40)
            altered.replaceSubrange(place...place, with: altered[place] == "A" ? "B" : "A")
            #expect(await fetch(target, try fixture.peer(source, Secret(altered))) == .unauthorized)
            let foreign = try fixture.grant(source, target, key: SigningKey())
            #expect(await fetch(target, try fixture.peer(source, foreign)) == .unauthorized)
            #expect(await fetch(target, try fixture.peer(source, Secret(""))) == .unauthorized)
            #expect(source.refusals("grant") == 4)
            // Another purpose, and an offer that has ended.
            let migration = try fixture.grant(source, target, purpose: .liveMigration)
            #expect(await fetch(target, try fixture.peer(source, migration)) == .notFound)
            source.transfers.withdraw(fixture.scope)
            #expect(await fetch(target, peer) == .notFound)
            #expect(source.refusals("not_offered") == 2)
            // Another host answers at the address.
            let misled = TransferPeer(
                address: "127.0.0.1", port: try #require(third.transfers.listeningPort),
                fingerprint: peer.fingerprint, grant: grant)
            #expect(await fetch(target, misled) == .forbidden)
        }
    }

    @Test(.timeLimit(.minutes(1))) func garbageIsCountedAndClosed() async throws {
        let fixture = try TransferFixture()
        let source = try fixture.host("source") { $0.greeting = .seconds(2) }
        try await fixture.listening(source) {
            let port = try #require(source.transfers.listeningPort)
            var random = SplitMix64(seed: 3)
            for _ in 0..<8 {
                let socket = Sockets.connect(port)
                let bytes = (0..<512).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                _ = Sockets.sendAll(socket, bytes[...])
                shutdown(socket, Int32(SHUT_WR))
                _ = Sockets.readAll(socket)
                close(socket)
            }
            try await until("all are counted") { source.refusals("handshake") == 8 }
            // Messages out of turn over good TLS.
            let tls = try TransferTLS(name: "rude")
            let peer = try fixture.peer(source, Secret("x"))
            for frame in [TransferFrame.bytes([1, 2, 3]), .end, .fetch(TransferFetch(name: "a", block: 1))] {
                let refused = try await Self.says(frame, tls, peer)
                #expect(refused == .malformed)
            }
            #expect(source.refusals("malformed") == 3)
            // One that says nothing at all loses its place.
            let silent = Sockets.connect(port)
            defer { close(silent) }
            try await until("it is cut") { source.open == 0 }
        }
    }

    /// What a host answers to a first message that is no greeting.
    private static func says(_ frame: TransferFrame, _ tls: TransferTLS, _ peer: TransferPeer) async throws
        -> NovaError.Code?
    {
        let mismatch = PinMismatch()
        let connector = TransferConnector(tls: tls, limits: TransferLimits())
        let channel = try await connector.channel(to: peer, mismatch)
        return try await channel.executeThenClose { inbound in
            try await LinkWriter(channel.channel).send(frame)
            var reader = LinkReader(inbound)
            guard case .refused(let refusal) = try await reader.next() else { return nil }
            return refusal.error.code
        }
    }

    @Test(.timeLimit(.minutes(1))) func placesAreBounded() async throws {
        let fixture = try TransferFixture()
        let source = try fixture.host("source") { $0.connections = 2 }
        try await fixture.listening(source) {
            let port = try #require(source.transfers.listeningPort)
            let sockets = (0..<5).map { _ in Sockets.connect(port) }
            defer { for socket in sockets { close(socket) } }
            try await until("three are refused") { source.refusals("too_many") == 3 }
            try await until("two have places") { source.open == 2 }
        }
    }
}
