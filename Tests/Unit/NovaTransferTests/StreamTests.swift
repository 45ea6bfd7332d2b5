import CommonTestKit
import Glibc
import NovaCore
import NovaCrypto
import NovaProcess
import Synchronization
import Testing

@testable import NovaTransfer

/// A value that threads of a test share.
private final class Shared<Value: Sendable>: Sendable {
    private let state: Mutex<Value>
    init(_ value: Value) { state = Mutex(value) }
    var value: Value {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

@Suite struct StreamTests {
    private func streamScope(_ fixture: TransferFixture) -> TransferScope {
        var scope = fixture.scope
        scope.purpose = .liveMigration
        return scope
    }

    @Test(.timeLimit(.minutes(1))) func bothDirectionsArriveWholeAndEndByThemselves() async throws {
        let fixture = try TransferFixture()
        let target = try fixture.host("target") { $0.silence = .seconds(2) }
        let source = try fixture.host("source") { $0.silence = .seconds(2) }
        let (inner, outer) = ("\(fixture.folder.path)/hypervisor", "\(fixture.folder.path)/door")
        let question = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let answer = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* 17) }
        let heard = Shared<[UInt8]?>(nil)
        let listener = try Sockets.listenUnix(inner)
        let gate = Shared(false)
        let hypervisor = WorkerThreads(name: "hypervisor", count: 2)
        try await fixture.listening(target) {
            _ = try target.transfers.expect(streamScope(fixture), streams: ["memory": inner])
            let peer = try fixture.peer(target, try fixture.grant(target, source, purpose: .liveMigration))
            let opened = Shared(false)
            let door = Task {
                try await source.transfers.open("memory", of: peer, at: outer) { opened.value = true }
            }
            defer { door.cancel() }
            try await until("the door is open") { opened.value }
            async let served: Void = hypervisor.run {
                let connection = accept(listener, nil, nil)
                // It answers only after the other direction has ended.
                let bytes = Sockets.readAll(connection)
                heard.value = bytes
                while !gate.value { usleep(1000) }
                _ = Sockets.sendAll(connection, answer[...])
                close(connection)
            }
            let client = try Sockets.connectUnix(outer)
            async let reply = hypervisor.run {
                _ = Sockets.sendAll(client, question[...])
                shutdown(client, Int32(SHUT_WR))
                return Sockets.readAll(client)
            }
            try await until("the question was heard") { heard.value != nil }
            #expect(heard.value == question)
            // Silent for longer than a dead connection may be: beats keep it.
            let quiet = ContinuousClock.now + .milliseconds(3500)
            try await until("it was quiet") { ContinuousClock.now > quiet }
            gate.value = true
            try await served
            #expect(try await reply == answer)
            close(client)
            try await until("it is closed") { target.open == 0 }
            // Another stream than those that are expected, and a third host.
            let third = try fixture.host("third")
            let other = try Sockets.connectUnix(outer)
            close(other)
            #expect(await answered(third, peer, "memory") == .forbidden)
            let own = try fixture.peer(target, try fixture.grant(target, third, purpose: .liveMigration))
            #expect(await answered(third, own, "other") == .notFound)
        }
        close(listener)
    }

    /// What a host is told that connects for a stream.
    private func answered(_ host: TransferFixture.Host, _ peer: TransferPeer, _ stream: String) async -> NovaError.Code?
    {
        await code {
            try await host.transfers.connector.connect(to: peer, stream: stream) { reader, _ in
                if case .refused(let refusal) = try await reader.next() { throw refusal.error }
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func brokenConnectionEndsBothSockets() async throws {
        let fixture = try TransferFixture()
        let (target, source) = (try fixture.host("target"), try fixture.host("source"))
        let (inner, outer) = ("\(fixture.folder.path)/hypervisor", "\(fixture.folder.path)/door")
        let listener = try Sockets.listenUnix(inner)
        defer { close(listener) }
        let hypervisor = WorkerThreads(name: "hypervisor", count: 2)
        try await fixture.listening(target) {
            let port = try target.transfers.expect(streamScope(fixture), streams: ["memory": inner])
            let proxy = try CuttingProxy(to: port, cuts: [100_000])
            defer { proxy.stop() }
            let grant = try fixture.grant(target, source, purpose: .liveMigration)
            let peer = try fixture.peer(target, grant, port: proxy.port)
            let opened = Shared(false)
            let door = Task {
                try await source.transfers.open("memory", of: peer, at: outer) { opened.value = true }
            }
            defer { door.cancel() }
            try await until("the door is open") { opened.value }
            // The hypervisor sends until it is cut off; both ends see the end.
            async let served: Void = hypervisor.run {
                let connection = accept(listener, nil, nil)
                while Sockets.sendAll(connection, [UInt8](repeating: 1, count: 4096)[...]) {}
                close(connection)
            }
            let client = try Sockets.connectUnix(outer)
            let bytes = try await hypervisor.run { Sockets.readAll(client) }
            close(client)
            #expect(bytes.count > 0 && bytes.count <= 100_000)
            try await served
        }
    }
}
