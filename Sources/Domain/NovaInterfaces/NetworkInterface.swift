public import NovaCore
public import NovaModel
public import NovaRPC
public import NovaWire

/// The ports of servers.
///
/// See `proto-spec/rpc/network.md`.
public enum NetworkInterface: RPCInterface {
    public static let topic = "network"
    public static let methods: [any RPCMethod.Type] = [
        ResolveNetworks.self, AllocateNetwork.self, ReleaseNetwork.self, NetworkPorts.self, BindNetwork.self,
        AttachPort.self, DetachPort.self,
    ]
}

/// Checks what a user asked for, under the user's project, before a server is accepted.
///
/// - Throws: ``NovaError`` `badRequest` naming what does not exist or may not be used.
public struct ResolveNetworks: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "network"
    public static let name = "resolve"
    public static let number: UInt16 = 1
    public static let isIdempotent = true

    public var projectID = ProjectID("")
    public var networks: [RequestedNetwork] = []

    public init() {}
    public init(project: ProjectID, _ networks: [RequestedNetwork]) {
        projectID = project
        self.networks = networks
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("project_id", &projectID)
        visitor.visit("networks", &networks)
    }
}

/// Makes the ports of a server: addresses, DHCP, bridge.
///
/// Idempotent per server: a repeated request gets the same ports.
public struct AllocateNetwork: RPCMethod, Equatable {
    public typealias Response = NetworkInfo
    public static let topic = "network"
    public static let name = "allocate"
    public static let number: UInt16 = 2
    public static let isIdempotent = true

    public var fence = Fence()
    public var serverID = ServerID.none
    public var projectID = ProjectID("")
    public var hostname = ""
    /// The compute host that the ports will be plugged on.
    public var host = ""
    public var networks: [RequestedNetwork] = []

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("server_id", &serverID)
        visitor.visit("project_id", &projectID)
        visitor.visit("hostname", &hostname)
        visitor.visit("host", &host)
        visitor.visit("networks", &networks)
    }
}

/// Frees the ports of a server; ports that the user made stay, unbound.
///
/// Succeeds when there are none.
public struct ReleaseNetwork: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "network"
    public static let name = "release"
    public static let number: UInt16 = 3
    public static let isIdempotent = true

    public var fence = Fence()
    public var serverID = ServerID.none

    public init() {}
    public init(_ fence: Fence, _ serverID: ServerID) {
        self.fence = fence
        self.serverID = serverID
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("server_id", &serverID)
    }
}
