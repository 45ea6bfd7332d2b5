public import NovaCore
public import NovaWire

/// Servers that should live together or apart.
public struct ServerGroup: Record, Equatable {
    public enum Policy: String, WireEnum {
        case affinity
        case antiAffinity = "anti-affinity"
        case softAffinity = "soft-affinity"
        case softAntiAffinity = "soft-anti-affinity"
    }
    public var id = ServerGroupID.none
    public var projectID = ProjectID("")
    public var userID = UserID("")
    public var name = ""
    public var policy = Policy.affinity
    /// The rule `max_server_per_host`, when the group has it.
    public var maxServersPerHost: Int64?
    public var createdAt = Timestamp(microseconds: 0)
    /// Grows with each host that a member gets, so that two members cannot get theirs without seeing each other.
    public var placements: Int64 = 0

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("project_id", &projectID)
        visitor.visit("user_id", &userID)
        visitor.visit("name", &name)
        visitor.visit("policy", &policy)
        visitor.visit("max_servers_per_host", &maxServersPerHost)
        visitor.visit("created_at", &createdAt)
        visitor.visit("placements", &placements)
    }

    /// The most members on one host that `anti-affinity` allows.
    public var limitPerHost: Int64 { max(1, maxServersPerHost ?? 1) }
}
