public import NovaCore

/// The marks on everything that a cloud makes on a host.
///
/// What does not carry ours is never touched.
///
/// - bridge: link alias `nova:CLOUD:HOST:network:NETWORK`
/// - tap: link alias `nova:CLOUD:HOST:port:PORT`
/// - DHCP: the command line of dnsmasq has the file `STATE/network/CLOUD/NETWORK/pid`
/// - NAT: the table `ip nova_XXXXXXXX` (the first 8 hex digits of the cloud's id), each rule with the bridge's mark
///
/// CLOUD, NETWORK and PORT are UUIDs with hyphens; HOST is the daemon's `[DEFAULT] host`.
public struct HostMarks: Sendable, Equatable {
    public var cloudID: CloudID
    public var host: String

    public init(cloudID: CloudID, host: String) {
        self.cloudID = cloudID
        // The mark is one word of the kernel's 256 bytes, and it is quoted in rules.
        self.host = String(host.unicodeScalars.map { Self.isPlain($0) ? Character($0) : "_" }.prefix(100))
    }

    /// What every mark of the cloud starts with.
    public var cloudMark: String { "nova:\(cloudID):" }
    /// What every mark of the cloud on this host starts with.
    public var hostMark: String { "nova:\(cloudID):\(host):" }
    public var nftTable: String { "nova_\(cloudID.uuid.hex.prefix(8))" }

    public func mark(of network: NetworkID) -> String { "\(hostMark)network:\(network)" }
    public func mark(of port: PortID) -> String { "\(hostMark)port:\(port)" }

    /// The port whose mark this is; nil for any other text.
    public func port(markedBy alias: String) -> PortID? {
        let start = "\(hostMark)port:"
        return alias.hasPrefix(start) ? PortID(alias.dropFirst(start.count)) : nil
    }

    /// The network whose mark this is, made by this host; nil for any other text.
    public func network(markedBy alias: String) -> NetworkID? {
        let start = "\(hostMark)network:"
        return alias.hasPrefix(start) ? NetworkID(alias.dropFirst(start.count)) : nil
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "-", "_": true
        default: false
        }
    }
}
