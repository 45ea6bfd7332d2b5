public import NovaCore
public import NovaWire

/// What the workflow that gives a server another port knows.
public struct AttachInterfaceState: Record, Equatable {
    public var serverID = ServerID.none
    public var wanted = RequestedNetwork()
    /// The id of the port that is made when the user names none: chosen before, so that it is made once.
    public var newPortID = PortID.none
    /// The port, as soon as it is bound to the server.
    public var port: PortBinding?

    public init() {}
    public init(_ serverID: ServerID, _ wanted: RequestedNetwork) {
        self.serverID = serverID
        self.wanted = wanted
        newPortID = .random()
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
        visitor.visit("wanted", &wanted)
        visitor.visit("new_port_id", &newPortID)
        visitor.visit("port", &port)
    }

    /// The id of the port, whoever made it.
    public var portID: PortID { wanted.portID ?? newPortID }

    /// Refuses a port that the server has already.
    public func check(_ server: ServerRecord) throws {
        guard !server.network.has(portID) else { throw NovaError(.conflict, "Port \(portID) is still in use.") }
    }
}

/// What the workflow that takes a port from a server knows.
public struct DetachInterfaceState: Record, Equatable {
    public var serverID = ServerID.none
    public var port = PortBinding()

    public init() {}
    public init(_ serverID: ServerID, _ port: PortBinding) {
        self.serverID = serverID
        self.port = port
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
        visitor.visit("port", &port)
    }
}
