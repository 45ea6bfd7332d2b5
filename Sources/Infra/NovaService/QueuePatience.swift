import NovaMessaging

/// Judges a service's connection to the queue: what takes a moment to heal is no failure.
struct QueuePatience {
    /// How long a connection may be away that was complete before: a broker that restarts is back within this time.
    static let grace = Duration.seconds(2)

    private var connection = QueueConnection.lost
    private var wasComplete = false
    private var incompleteSince: ContinuousClock.Instant?

    /// Takes news of the connection.
    mutating func note(_ connection: QueueConnection, at now: ContinuousClock.Instant) {
        self.connection = connection
        if connection.isComplete {
            wasComplete = true
            incompleteSince = nil
        } else if incompleteSince == nil {
            incompleteSince = now
        }
    }

    /// When the judgement changes unless there is news before; nil when it does not.
    var deadline: ContinuousClock.Instant? { wasComplete ? incompleteSince.map { $0 + Self.grace } : nil }

    /// What is to be said of the connection.
    func state(at now: ContinuousClock.Instant) -> HealthState {
        let cause: String
        switch connection {
        case .connected(0): return .ready
        case .connected(let count): cause = "the broker has not confirmed \(count) of the queues served here"
        case .lost: cause = "no broker answers"
        }
        guard wasComplete else { return .starting(cause) }
        return deadline.map { now < $0 } ?? true ? .ready : .failed(cause)
    }
}
