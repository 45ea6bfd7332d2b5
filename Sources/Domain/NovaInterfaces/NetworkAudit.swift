public import NovaCore
public import NovaModel
public import NovaRPC
public import NovaWire

/// The ports that are bound to servers, page by page in the order of their ids.
public struct NetworkPorts: RPCMethod, Equatable {
    public static let topic = "network"
    public static let name = "ports"
    public static let number: UInt16 = 4
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let isBackground = true

    public struct Response: Record, Equatable {
        public var ports: [ServerPort] = []
        /// What to ask the next page with; nil when this is the last one.
        public var next: PortID?
        public init() {}
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
            visitor.visit("ports", &ports)
            visitor.visit("next", &next)
        }
    }

    public var after = PortID.none
    public var limit: Int64 = 500

    public init() {}
    public init(after: PortID) { self.after = after }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("after", &after)
        visitor.visit("limit", &limit)
    }
}

/// A port with the server that it is bound to.
public struct ServerPort: Record, Equatable {
    public var serverID = ServerID.none
    /// Its place among the server's ports.
    public var position: Int64 = 0
    public var port = PortBinding()

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
        visitor.visit("position", &position)
        visitor.visit("port", &port)
    }
}
