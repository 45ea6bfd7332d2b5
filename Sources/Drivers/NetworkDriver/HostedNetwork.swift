public import NovaCore

/// A network as its host makes it: a bridge, and per subnet an address on it, DHCP and NAT.
public struct HostedNetwork: Sendable, Equatable {
    public var id: NetworkID
    /// For logs; no file or device is named by it.
    public var name: String
    /// The bridge's device name, see ``NetworkNames/bridge(cloud:network:)``.
    public var bridge: String
    /// Bytes.
    public var mtu: Int
    public var subnets: [HostedSubnet]

    public init(id: NetworkID, name: String, bridge: String, mtu: Int, subnets: [HostedSubnet] = []) {
        self.id = id
        self.name = name
        self.bridge = bridge
        self.mtu = mtu
        self.subnets = subnets
    }
}

/// A subnet as the network's host serves it.
public struct HostedSubnet: Sendable, Equatable {
    public var id: SubnetID
    public var range: IPv4Range
    /// The address of the host on the bridge: the gateway's when there is one, else one kept for DHCP.
    public var hostAddress: IPv4Address
    /// Whether guests get `hostAddress` as their router, and reach the outside through NAT.
    public var routed: Bool
    public var dns: [String]
    public var dhcp: Bool

    public init(
        id: SubnetID, range: IPv4Range, hostAddress: IPv4Address, routed: Bool, dns: [String] = [], dhcp: Bool = true
    ) {
        self.id = id
        self.range = range
        self.hostAddress = hostAddress
        self.routed = routed
        self.dns = dns
        self.dhcp = dhcp
    }
}

/// The address that DHCP gives to one port, and no other.
public struct AddressLease: Sendable, Hashable {
    /// Lower-case with colons.
    public var mac: String
    public var address: IPv4Address
    /// The guest's name; empty for none.
    ///
    /// Characters that no host name has are dropped by the driver.
    public var hostname: String

    public init(mac: String, address: IPv4Address, hostname: String = "") {
        self.mac = mac
        self.address = address
        self.hostname = hostname
    }
}
