public import NovaCore
public import NovaWire

/// A host to which a server of a group is to come.
public struct PlannedMember: Record, Equatable {
    public var groupID = ServerGroupID.none
    public var host = ""

    public init() {}
    public init(_ groupID: ServerGroupID, on host: String) {
        self.groupID = groupID
        self.host = host
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("group_id", &groupID)
        visitor.visit("host", &host)
    }
}
