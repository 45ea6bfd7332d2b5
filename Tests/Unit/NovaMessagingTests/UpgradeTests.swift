import NovaCore
import NovaMessaging
import NovaRPC
import Testing

/// Releases side by side.
@Suite("Rolling upgrade")
struct UpgradeTests {
    private static let context = RequestContext()

    private func worker(_ endpoint: String, answers text: String, isNew: Bool) async throws -> RPCBus {
        let bus = try await QueueRig.bus(endpoint)
        var dispatcher = RPCDispatcher()
        dispatcher.on(Echo.self) { request, _ in Echo("\(text): \(request.text)") }
        if isNew { dispatcher.on(NewerEcho.self) { request, _ in Echo("\(text), newer: \(request.text)") } }
        try await bus.serve(dispatcher, topic: "echo", host: nil, slots: 4)
        return bus
    }

    @Test("a newer sender speaks as old workers do, and goes to a new worker when one has come")
    func senderPins() async throws {
        try await QueueRig.withBroker(QueueRig.inProcessEndpoint()) { endpoint in
            let old = try await worker(endpoint, answers: "old", isNew: false)
            let sender = try await QueueRig.bus(endpoint)
            let later = try await QueueRig.bus(endpoint)
            for _ in 0..<2 {
                let answer = try await sender.call(NewerEcho("a"), to: .topic("echo"), context: Self.context)
                #expect(answer.text == "old: a")
            }
            await #expect(throws: NovaError.self) {
                try await sender.call(BrandNew(), to: .topic("echo"), context: Self.context)
            }
            let new = try await worker(endpoint, answers: "new", isNew: true)
            for _ in 0..<4 {
                let answer = try await later.call(NewerEcho("b"), to: .topic("echo"), context: Self.context)
                #expect(answer.text == "new, newer: b", "only workers that know a method get it")
                let pinned = try await sender.call(NewerEcho("c"), to: .topic("echo"), context: Self.context)
                #expect(["old: c", "new: c"].contains(pinned.text), "a pin lasts half a minute")
            }
            for bus in [old, new, sender, later] { await bus.close() }
        }
    }

    @Test("the refusal names its cause")
    func refusal() async throws {
        try await QueueRig.withBroker(QueueRig.inProcessEndpoint()) { endpoint in
            let old = try await worker(endpoint, answers: "old", isNew: false)
            do {
                _ = try await old.call(BrandNew(), to: .topic("echo"), context: Self.context)
                Issue.record("it was answered")
            } catch let error as NovaError {
                #expect(error.code == .unsupportedVersion && error.message.contains("too old"))
            }
            await old.close()
        }
    }
}
