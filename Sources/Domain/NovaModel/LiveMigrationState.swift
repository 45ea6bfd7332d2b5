public import NovaCore
public import NovaWire

/// What the workflow of a live migration knows.
public struct LiveMigrationState: Record, Equatable {
    /// Both sides, and what all moves know.
    public var move = MoveState()
    /// Whether disk images may grow beyond what the host has now: then what they take counts, not what guests see.
    public var allowsOvercommit = true
    public var needs = GuestNeeds()
    /// What the other host has made ready.
    public var place = GuestPlace()
    /// Whether the guest is on its new host: from then on there is no way back.
    public var hasMoved = false
    public var figures = MigrationFigures()
    /// Why hosts that were chosen could not take the guest.
    public var refusals: [String] = []

    public init() {}
    public init(_ move: MoveState) { self.move = move }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("move", &move)
        visitor.visit("allows_overcommit", &allowsOvercommit)
        visitor.visit("needs", &needs)
        visitor.visit("place", &place)
        visitor.visit("has_moved", &hasMoved)
        visitor.visit("figures", &figures)
        visitor.visit("refusals", &refusals)
    }

    public var serverID: ServerID { move.serverID }
    /// The side that the guest is not on, where nothing of it is to stay.
    public var leftSide: Selection? { hasMoved ? move.move.source : move.move.target }
    /// Whether the guest ran before.
    public var runs: Bool { move.formerState == .active }
}
