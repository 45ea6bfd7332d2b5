import NetworkDriver
import NovaCore

/// How the addresses of a new subnet are divided: the gateway, the network host's own, and the pools for ports.
struct SubnetPlan: Equatable {
    /// What the user said of the gateway.
    enum Gateway: Equatable {
        case first
        case none
        case address(IPv4Address)
    }
    let range: IPv4Range
    let gateway: IPv4Address?
    let hostAddress: IPv4Address
    let pools: [ClosedRange<IPv4Address>]

    /// Divides a range; without pools all that is left is one.
    ///
    /// - Throws: ``NovaError`` `badRequest` or `conflict` that says which value does not fit.
    init(_ range: IPv4Range, gateway wanted: Gateway = .first, pools given: [ClosedRange<IPv4Address>]? = nil) throws {
        guard let usable = range.usable, range.prefix >= 8 else {
            throw NovaError(.badRequest, "Invalid input for cidr. Reason: \(range) must have a prefix from /8 to /30.")
        }
        self.range = range
        switch wanted {
        case .first: gateway = usable.lowerBound
        case .none: gateway = nil
        case .address(let address): gateway = address
        }
        if let gateway, !usable.contains(gateway) {
            throw NovaError(.badRequest, "Gateway is not valid on subnet: \(gateway) is no host address of \(range).")
        }
        guard let given else {
            let own = gateway ?? usable.lowerBound
            hostAddress = own
            pools = Self.without(own, in: usable)
            return
        }
        pools = given.sorted { $0.lowerBound < $1.lowerBound }
        for pool in pools where pool.lowerBound < usable.lowerBound || pool.upperBound > usable.upperBound {
            throw NovaError(
                .badRequest,
                "The allocation pool \(pool.lowerBound)-\(pool.upperBound) spans beyond the subnet cidr \(range).")
        }
        for (first, second) in zip(pools, pools.dropFirst()) where first.upperBound >= second.lowerBound {
            throw NovaError(
                .conflict,
                "Found overlapping allocation pools: \(first.lowerBound)-\(first.upperBound), "
                    + "\(second.lowerBound)-\(second.upperBound) for subnet \(range).")
        }
        if let gateway, let pool = pools.first(where: { $0.contains(gateway) }) {
            throw NovaError(
                .conflict,
                "Gateway ip \(gateway) conflicts with allocation pool \(pool.lowerBound)-\(pool.upperBound).")
        }
        guard let own = gateway ?? Self.firstOutside(pools, in: usable) else {
            throw NovaError(
                .badRequest,
                "A subnet without a gateway needs one address outside its allocation pools for the DHCP server.")
        }
        hostAddress = own
    }

    private static func without(_ address: IPv4Address, in range: ClosedRange<IPv4Address>) -> [ClosedRange<
        IPv4Address
    >] {
        var pools: [ClosedRange<IPv4Address>] = []
        if range.lowerBound < address { pools.append(range.lowerBound...IPv4Address(address.value - 1)) }
        if address < range.upperBound { pools.append(address.advanced(by: 1)...range.upperBound) }
        return pools
    }

    private static func firstOutside(
        _ pools: [ClosedRange<IPv4Address>], in range: ClosedRange<IPv4Address>
    ) -> IPv4Address? {
        var candidate = range.lowerBound
        for pool in pools where pool.contains(candidate) { candidate = pool.upperBound.advanced(by: 1) }
        return range.contains(candidate) ? candidate : nil
    }
}
