import NovaCore

/// The times of a conductor's workflows; what it compares them with is the database's clock.
public struct WorkflowTimes: Sendable {
    /// How long others wait for a conductor that says nothing.
    public var lease = Duration.seconds(10)
    /// How often a conductor looks for work that nobody told it of.
    public var scan = Duration.milliseconds(500)
    /// How long an undoing, or a workflow that must finish, may meet failures before the rest of it is owed.
    public var patience = Duration.seconds(30)
    /// The pause after a first failure; it doubles up to a hundred times as much.
    public var pause = Duration.milliseconds(100)
    /// The pause between the first tries of an owed cleanup; it doubles up to ``longestOwedPause``.
    public var owedPause = Duration.seconds(5)
    public var longestOwedPause = Duration.seconds(60)

    public init() {}

    /// How often leases are renewed.
    var renewal: Duration { lease / 3 }
}
