public import NovaCore

/// Device names: a prefix that says what it is, and 11 hex digits, 13 of the kernel's 15 characters.
public enum NetworkNames {
    public static let bridgePrefix = "nb"
    public static let tapPrefix = "nt"

    /// The bridge of a network: the same on every host of the cloud, another one in another cloud.
    public static func bridge(cloud: CloudID, network: NetworkID) -> String {
        bridgePrefix + digits(of: stableHash("\(cloud)/\(network)"))
    }

    /// The tap of a port.
    public static func tap(_ port: PortID) -> String { tapPrefix + port.uuid.hex.prefix(11) }

    /// The bridge's own hardware address: fixed, because a bridge without one changes it as taps come and go.
    public static func bridgeMAC(_ bridge: String) -> String {
        let hash = stableHash("mac/\(bridge)")
        let bytes = (0..<5).map { UInt8(truncatingIfNeeded: hash >> UInt64(8 * $0)) }
        return (["0a"] + bytes.map { Hex.encode([$0]) }).joined(separator: ":")
    }

    /// The tap's hardware address: the guest's with a first byte so high that no bridge takes it for its own.
    public static func tapMAC(guest mac: String) -> String { "fe" + mac.dropFirst(2) }

    private static func digits(of hash: UInt64) -> Substring {
        Hex.encode((0..<8).map { UInt8(truncatingIfNeeded: hash >> UInt64(56 - 8 * $0)) }).prefix(11)
    }

    /// FNV-1a, 64 bits: the same in each process and version, unlike Swift's own hashes.
    private static func stableHash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
