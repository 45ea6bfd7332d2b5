/// The addresses of a subnet: `10.0.0.0/16`.
public struct IPv4Range: Hashable, Sendable, CustomStringConvertible {
    /// The first address, with no bit set behind the prefix.
    public let base: IPv4Address
    /// The length of the prefix, 0 to 32.
    public let prefix: Int

    /// The range that holds the address.
    public init?(_ address: IPv4Address, prefix: Int) {
        guard (0...32).contains(prefix) else { return nil }
        self.prefix = prefix
        base = IPv4Address(address.value & Self.maskBits(prefix))
    }

    /// Parses `ADDRESS/PREFIX`; nil for other text and when a bit behind the prefix is set.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv4Address(parts[0]), parts[1].utf8.count <= 2,
            parts[1].utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let prefix = Int(parts[1])
        else { return nil }
        self.init(address, prefix: prefix)
        guard base == address else { return nil }
    }

    private static func maskBits(_ prefix: Int) -> UInt32 { prefix == 0 ? 0 : UInt32.max << UInt32(32 - prefix) }

    public var mask: IPv4Address { IPv4Address(Self.maskBits(prefix)) }
    /// The last address.
    public var broadcast: IPv4Address { IPv4Address(base.value | ~Self.maskBits(prefix)) }

    /// The addresses that hosts may have: all but the first and the last; nil when the range is too small (/31, /32).
    public var usable: ClosedRange<IPv4Address>? {
        prefix <= 30 ? base.advanced(by: 1)...IPv4Address(broadcast.value - 1) : nil
    }

    public func contains(_ address: IPv4Address) -> Bool { address >= base && address <= broadcast }

    /// Whether an address is in both.
    public func overlaps(_ other: IPv4Range) -> Bool { base <= other.broadcast && other.base <= broadcast }

    public var description: String { "\(base)/\(prefix)" }
}
