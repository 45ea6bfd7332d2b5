public import NovaCore
public import NovaWire

/// A security group as users keep it; nobody enforces it yet.
public struct SecurityGroup: Record, Equatable {
    /// What every project has without making it.
    public static let defaultName = "default"

    public var id = SecurityGroupID.none
    public var projectID = ProjectID("")
    public var name = ""
    public var text = ""
    public var rules: [SecurityGroupRule] = []
    public var createdAt = Timestamp(microseconds: 0)

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("project_id", &projectID)
        visitor.visit("name", &name)
        visitor.visit("description", &text)
        visitor.visit("rules", &rules)
        visitor.visit("created_at", &createdAt)
    }
}

/// One rule of a security group: what may come in.
public struct SecurityGroupRule: Record, Equatable {
    public var id = SecurityGroupID.none
    /// `tcp`, `udp`, `icmp`; nil: any.
    public var ipProtocol: String?
    public var fromPort: Int64?
    public var toPort: Int64?
    /// The addresses that may come, when no group is named.
    public var cidr: String?
    /// The group whose servers may come.
    public var groupID: SecurityGroupID?

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("ip_protocol", &ipProtocol)
        visitor.visit("from_port", &fromPort)
        visitor.visit("to_port", &toPort)
        visitor.visit("cidr", &cidr)
        visitor.visit("group_id", &groupID)
    }
}
