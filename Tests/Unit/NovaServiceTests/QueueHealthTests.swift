import Logging
import NovaCore
import NovaMessaging
import NovaRPC
import Testing

@testable import NovaService

@Suite("Readiness follows the queue", .timeLimit(.minutes(1)))
struct QueueHealthTests {
    private static let endpoint = "inproc://test-queue-health"
    private static let log = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    /// Runs a broker while a body runs.
    private static func withBroker(_ body: () async throws -> Void) async throws {
        let broker = try QueueBroker(endpoints: [endpoint], roles: .unrestricted, log: log)
        let running = Task { try await broker.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        broker.stop()
        try await running.value
        try result.get()
    }

    @Test("ready with a broker that knows all queues, not ready without, ready with its successor")
    func lossAndReturn() async throws {
        let health = HealthRegistry()
        let (changes, input) = AsyncStream<Bool>.makeStream()
        health.onChange { input.yield($0.isReady) }
        var next = changes.makeAsyncIterator()
        var buses: [RPCBus] = []
        var watching: Task<Void, Never>?
        try await Self.withBroker {
            let bus = try await RPCBus.connect(
                to: [Self.endpoint], role: "test", host: "h1", instance: "1", log: Self.log)
            buses.append(bus)
            try await bus.serve(RPCDispatcher(), topic: "test", host: "h1", slots: 1)
            let part = health.part("test/queue", waitsFor: "no broker answers")
            let watch = QueueHealth(part, endpoints: [Self.endpoint], log: Self.log)
            watching = Task { await watch.watch(bus) }
            #expect(await next.next() == true)
        }
        #expect(await next.next() == false)
        #expect(health.obstacles == "test/queue: no broker answers")
        try await Self.withBroker { #expect(await next.next() == true) }
        watching?.cancel()
        for bus in buses { await bus.close() }
    }
}
