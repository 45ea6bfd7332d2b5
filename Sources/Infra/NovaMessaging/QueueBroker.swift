public import Logging
import NovaCore
import Synchronization

/// A message broker: one ROUTER socket, one thread, all state in memory.
///
/// Its rules are in ``BrokerState``. An endpoint is free as soon as ``run()`` has returned.
public final class QueueBroker: Sendable {
    private struct State {
        var socket: BrokerSocket?
        var stopped: CheckedContinuation<Void, Never>?
        var isRunning = false
    }

    /// The endpoints with the ports that the system chose for `tcp://host:*`.
    public let boundEndpoints: [String]
    private let limits: QueueLimits
    private let log: Logger
    private let wake: WakeDescriptor
    private let isStopping = Atomic<Bool>(false)
    private let state: Mutex<State>

    /// Binds ZeroMQ endpoints (`tcp://127.0.0.1:5550`, `inproc://nova-queue`).
    ///
    /// - Throws: ``NovaError`` `unavailable` when an endpoint cannot be bound.
    public init(endpoints: [String], limits: QueueLimits = QueueLimits(), log: Logger) throws {
        let socket = try BrokerSocket(endpoints: endpoints)
        boundEndpoints = socket.endpoints
        self.limits = limits
        self.log = log
        wake = try WakeDescriptor()
        state = Mutex(State(socket: socket))
    }

    /// Runs until the task is cancelled or ``stop()`` is called; peers are told goodbye.
    public func run() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
                do {
                    try DedicatedThread.start("nova-broker") { [self] in
                        loop()
                        done.resume()
                    }
                } catch {
                    done.resume(throwing: error)
                }
            }
        } onCancel: {
            stop()
        }
    }

    /// Ends ``run()``.
    public func stop() {
        isStopping.store(true, ordering: .releasing)
        wake.signal()
    }

    private func loop() {
        let taken = state.withLock { state -> BrokerSocket? in
            defer { state.socket = nil }
            return state.socket
        }
        guard let taken else { return }
        BrokerLoop(socket: taken, wake: wake, limits: limits, log: log).run(until: isStopping)
    }
}
