public import NovaCore
public import NovaModel
public import NovaRPC
public import NovaWire

/// Binds the ports of a server to another host, or to none while the server has no host; addresses stay.
public struct BindNetwork: RPCMethod, Equatable {
    public typealias Response = NetworkInfo
    public static let topic = "network"
    public static let name = "bind"
    public static let number: UInt16 = 5
    public static let since: UInt16 = 1
    public static let isIdempotent = true

    public var fence = Fence()
    public var serverID = ServerID.none
    /// Empty for none.
    public var host = ""

    public init() {}
    public init(_ fence: Fence, _ serverID: ServerID, host: String) {
        self.fence = fence
        self.serverID = serverID
        self.host = host
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("server_id", &serverID)
        visitor.visit("host", &host)
    }
}
