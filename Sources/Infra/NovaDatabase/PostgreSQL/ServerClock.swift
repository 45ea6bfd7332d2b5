import NovaCore

/// The clock of a database server, as it was told lately: it goes on as this machine's does, for a while.
struct ServerClock {
    /// How long what the server said is good: clocks drift by less than a millisecond meanwhile, and one that is set anew is
    /// noticed by then.
    static let lifetime = Duration.seconds(10)
    /// What took longer to come is too old when it is here.
    static let delayLimit = Duration.milliseconds(20)

    private var told: (time: Timestamp, at: ContinuousClock.Instant)?

    /// The server's time; nil when it must be asked.
    func now(at instant: ContinuousClock.Instant = .now) -> Timestamp? {
        guard let told, instant >= told.at, instant - told.at < Self.lifetime else { return nil }
        return told.time.adding(instant - told.at)
    }

    /// Notes what the server said.
    ///
    /// - Parameter asked: when it was asked.
    mutating func set(
        _ time: Timestamp, asked: ContinuousClock.Instant, answered: ContinuousClock.Instant = .now
    ) {
        told = answered - asked <= Self.delayLimit ? (time, answered) : nil
    }
}
