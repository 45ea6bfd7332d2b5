public import NovaCore
public import NovaWire

/// What a user asked for one interface of a new server.
public struct RequestedNetwork: Record, Equatable {
    public enum Kind: String, WireEnum {
        /// The network that the project has, or the shared default one.
        case auto
        case network
        case port
    }
    public var kind = Kind.auto
    public var networkID: NetworkID?
    public var portID: PortID?
    public var fixedIP: String?
    /// What the user calls the device.
    public var tag: String?

    public init() {}
    public init(
        _ kind: Kind, network: NetworkID? = nil, port: PortID? = nil, fixedIP: String? = nil, tag: String? = nil
    ) {
        self.kind = kind
        networkID = network
        portID = port
        self.fixedIP = fixedIP
        self.tag = tag
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("kind", &kind)
        visitor.visit("network_id", &networkID)
        visitor.visit("port_id", &portID)
        visitor.visit("fixed_ip", &fixedIP)
        visitor.visit("tag", &tag)
    }
}

/// A port of a server with all that a compute host needs to plug it.
public struct PortBinding: Record, Equatable {
    public var portID = PortID.none
    public var networkID = NetworkID.none
    public var networkName = ""
    /// Lower-case, colons: `fa:16:3e:00:00:01`.
    public var mac = ""
    public var fixedIP = ""
    /// Length of the subnet's prefix, 0 to 32.
    public var prefix: Int64 = 24
    public var gateway = ""
    public var dns: [String] = []
    /// The name of the Linux bridge on each host of the network.
    public var bridge = ""
    public var mtu: Int64 = 1500
    /// The user made the port: it stays when the server goes.
    public var isPreexisting = false
    public var subnetID: SubnetID?
    /// What the user calls the device.
    public var tag: String?

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("port_id", &portID)
        visitor.visit("network_id", &networkID)
        visitor.visit("network_name", &networkName)
        visitor.visit("mac", &mac)
        visitor.visit("fixed_ip", &fixedIP)
        visitor.visit("prefix", &prefix)
        visitor.visit("gateway", &gateway)
        visitor.visit("dns", &dns)
        visitor.visit("bridge", &bridge)
        visitor.visit("mtu", &mtu)
        visitor.visit("is_preexisting", &isPreexisting)
        visitor.visit("subnet_id", &subnetID)
        visitor.visit("tag", &tag)
    }
}

/// All ports of one server.
public struct NetworkInfo: Record, Equatable {
    public var ports: [PortBinding] = []

    public init() {}
    public init(_ ports: [PortBinding]) { self.ports = ports }

    /// Whether a port is among them.
    public func has(_ port: PortID) -> Bool { ports.contains { $0.portID == port } }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("ports", &ports) }
}
