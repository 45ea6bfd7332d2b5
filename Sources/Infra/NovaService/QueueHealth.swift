import Logging
import NovaCore
import NovaMessaging
import NovaRPC
import Synchronization

/// Keeps the health page informed of a service's connection to the queue, and tells the log when it is lost and back.
final class QueueHealth: Sendable {
    private let part: HealthPart
    private let endpoints: String
    private let log: Logger
    private let latest = Mutex(QueueConnection.lost)
    private let wake = WakeUp()

    init(_ part: HealthPart, endpoints: [String], log: Logger) {
        self.part = part
        self.endpoints = endpoints.joined(separator: " ")
        self.log = log
    }

    /// Watches a connection until the task is cancelled.
    func watch(_ bus: RPCBus) async {
        bus.watch { [weak self] connection in
            self?.latest.withLock { $0 = connection }
            self?.wake.signal()
        }
        var patience = QueuePatience()
        var said = HealthState.starting("")
        while !Task.isCancelled {
            let now = SteadyClock.now
            patience.note(latest.withLock { $0 }, at: now)
            let state = patience.state(at: now)
            part.set(state)
            if state != said { tell(state, after: said) }
            said = state
            // News wakes it; the longest wait is only a bound.
            let next = patience.deadline.flatMap { $0 > now ? $0 - now : nil }
            await wake.wait(atMost: next ?? .seconds(60))
        }
    }

    private func tell(_ state: HealthState, after before: HealthState) {
        switch (before, state) {
        case (_, .failed(let cause)):
            log.error("the queue is lost: \(cause); trying on", metadata: ["brokers": "\(endpoints)"])
        case (.failed, .ready): log.info("the queue is back", metadata: ["brokers": "\(endpoints)"])
        default: break
        }
    }
}
