import Logging
import NovaCore
import NovaMessaging
import NovaRPC
import Synchronization
import Testing

/// Real brokers and buses over ZeroMQ.
enum QueueRig {
    static let log = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    private static let counter = Atomic<Int>(0)

    static func inProcessEndpoint() -> String { "inproc://test-\(counter.add(1, ordering: .relaxed).newValue)" }

    /// Runs a body with a broker at an endpoint, and ends the broker.
    static func withBroker<T: Sendable>(
        _ endpoint: String, limits: QueueLimits = QueueLimits(), _ body: (String) async throws -> T
    ) async throws -> T {
        let broker = try QueueBroker(endpoints: [endpoint], limits: limits, roles: .unrestricted, log: log)
        let running = Task { try await broker.run() }
        do {
            let result = try await body(try #require(broker.boundEndpoints.first))
            broker.stop()
            try await running.value
            return result
        } catch {
            broker.stop()
            try await running.value
            throw error
        }
    }

    static func bus(_ endpoint: String, role: String = "test") async throws -> RPCBus {
        try await RPCBus.connect(to: [endpoint], role: role, host: "h1", instance: "1", log: log)
    }
}

/// Something that happens once, and that tests wait for.
final class Signal: Sendable {
    private let stream: AsyncStream<String>
    private let input: AsyncStream<String>.Continuation

    init() { (stream, input) = AsyncStream.makeStream() }

    func fire(_ value: String = "") { input.yield(value) }

    func wait(_ what: String = "signal") async throws -> String {
        try await Deadline.after(.seconds(20)).bound(what) { [stream] in
            for await value in stream { return value }
            throw NovaError(.internal, "ended")
        }
    }
}
