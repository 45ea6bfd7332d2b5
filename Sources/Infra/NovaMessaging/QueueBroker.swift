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
    /// How often connections were let in; nil when the broker's connections are plain.
    public let admissions: AdmissionCounts?
    private let limits: QueueLimits
    private let roles: RoleTable
    private let figures = BrokerFigures()
    private let curve: BrokerCurve?
    private let log: Logger
    private let wake: WakeDescriptor
    private let isStopping = Atomic<Bool>(false)
    private let isKilled = Atomic<Bool>(false)
    private let state: Mutex<State>

    /// Binds ZeroMQ endpoints (`tcp://127.0.0.1:5550`, `inproc://nova-queue`).
    ///
    /// - Parameters:
    ///   - curve: keys of the broker and its peers, for all endpoints over tcp.
    ///   - roles: who may do what.
    /// - Throws: ``NovaError`` `unavailable` when an endpoint cannot be bound.
    public init(
        endpoints: [String], curve: BrokerCurve? = nil, limits: QueueLimits = QueueLimits(),
        roles: RoleTable = .standard, log: Logger
    ) throws {
        let socket = try BrokerSocket(endpoints: endpoints, curve: curve, log: log)
        boundEndpoints = socket.endpoints
        admissions = curve?.counts
        self.curve = curve
        self.limits = limits
        self.roles = roles
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

    /// The broker's figures, at most a second old.
    public var statistics: BrokerStatistics { figures.now }

    /// Ends ``run()``: what waits goes to other brokers, what is in hand may end within 5 seconds.
    public func stop() {
        isStopping.store(true, ordering: .releasing)
        wake.signal()
    }

    /// Ends ``run()`` as if the process had been killed: nobody is told, all messages are lost.
    ///
    /// For tests.
    public func kill() {
        isKilled.store(true, ordering: .releasing)
        wake.signal()
    }

    private func loop() {
        let taken = state.withLock { state -> BrokerSocket? in
            defer { state.socket = nil }
            return state.socket
        }
        guard let taken else { return }
        BrokerLoop(
            socket: taken, wake: wake, authorized: curve?.authorized, limits: limits, roles: roles, log: log,
            publish: { [figures] in figures.set($0) }
        ).run(until: isStopping, killed: isKilled)
    }
}
