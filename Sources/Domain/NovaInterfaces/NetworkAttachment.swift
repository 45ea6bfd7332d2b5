public import NovaCore
public import NovaModel
public import NovaRPC
public import NovaWire

/// Binds one more port to a server: one that its user made, or a new one.
///
/// Idempotent: a port that is the server's already is answered as it is.
/// - Throws: ``NovaError`` `notFound`, `conflict` or `badRequest` for what the user may not have.
public struct AttachPort: RPCMethod, Equatable {
    public typealias Response = PortBinding
    public static let topic = "network"
    public static let name = "attach_port"
    public static let number: UInt16 = 6
    public static let since: UInt16 = 1
    public static let isIdempotent = true

    public var fence = Fence()
    public var serverID = ServerID.none
    public var projectID = ProjectID("")
    public var hostname = ""
    public var host = ""
    public var wanted = RequestedNetwork()
    /// The id of the port that is made when the user names none.
    public var newPortID = PortID.none

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("server_id", &serverID)
        visitor.visit("project_id", &projectID)
        visitor.visit("hostname", &hostname)
        visitor.visit("host", &host)
        visitor.visit("wanted", &wanted)
        visitor.visit("new_port_id", &newPortID)
    }
}

/// Takes one port from a server: removes it, or unbinds it when its user made it; succeeds when it is not the server's.
public struct DetachPort: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "network"
    public static let name = "detach_port"
    public static let number: UInt16 = 7
    public static let since: UInt16 = 1
    public static let isIdempotent = true

    public var fence = Fence()
    public var serverID = ServerID.none
    public var portID = PortID.none

    public init() {}
    public init(_ fence: Fence, _ serverID: ServerID, _ portID: PortID) {
        self.fence = fence
        self.serverID = serverID
        self.portID = portID
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("server_id", &serverID)
        visitor.visit("port_id", &portID)
    }
}
