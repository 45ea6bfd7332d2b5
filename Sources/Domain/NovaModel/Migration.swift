public import NovaCore
public import NovaWire

/// One move of a server between hosts or flavors, as `os-migrations` lists it (`spec/states.md`, "Migration status").
public struct MigrationRecord: Record, Equatable {
    public var sequence: Int64 = 0
    public var id = MigrationID.none
    public var serverID = ServerID.none
    public var projectID = ProjectID("")
    public var userID = UserID("")
    /// `migration`, `resize`, `live-migration`, `evacuation`.
    public var type = "migration"
    public var status = "accepted"
    public var sourceHost: String?
    public var sourceNode: String?
    public var targetHost: String?
    public var targetNode: String?
    /// The address of the target host.
    public var targetAddress: String?
    /// The numbers of the flavors before and after.
    public var oldFlavor: Int64?
    public var newFlavor: Int64?
    public var isHidden = false
    public var createdAt = Timestamp(microseconds: 0)
    public var updatedAt: Timestamp?
    /// Both sides of the move; nil for migrations of an older release.
    public var move: ServerMove?
    /// How far a live migration is; nil before its guest moves.
    public var figures: MigrationFigures?
    /// What an operator wants of a live migration; nil to let it be.
    public var wish: MigrationWish?

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("sequence", &sequence)
        visitor.visit("id", &id)
        visitor.visit("server_id", &serverID)
        visitor.visit("project_id", &projectID)
        visitor.visit("user_id", &userID)
        visitor.visit("type", &type)
        visitor.visit("status", &status)
        visitor.visit("source_host", &sourceHost)
        visitor.visit("source_node", &sourceNode)
        visitor.visit("target_host", &targetHost)
        visitor.visit("target_node", &targetNode)
        visitor.visit("target_address", &targetAddress)
        visitor.visit("old_flavor", &oldFlavor)
        visitor.visit("new_flavor", &newFlavor)
        visitor.visit("is_hidden", &isHidden)
        visitor.visit("created_at", &createdAt)
        visitor.visit("updated_at", &updatedAt)
        visitor.visit("move", &move)
        visitor.visit("figures", &figures)
        visitor.visit("wish", &wish)
    }

    /// Whether it is a live migration that can still be looked at (`GET /servers/{id}/migrations`).
    public var isInProgress: Bool {
        type == "live-migration" && ["queued", "preparing", "running", "post-migrating"].contains(status)
    }
}
