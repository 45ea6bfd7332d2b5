import NetworkDriver
import NovaCore
import NovaWire

/// A row of `subnets`.
struct SubnetRow: Record, Equatable {
    var id = SubnetID.none
    var networkID = NetworkID.none
    var projectID = ProjectID("")
    var name = ""
    var description = ""
    var cidr = ""
    var gateway: String?
    var hostAddress = ""
    /// Addresses separated by commas.
    var dns = ""
    /// `FIRST-LAST` separated by commas.
    var pools = ""
    var enableDHCP = true
    var nextAddress: Int64 = 0
    var createdAt = Timestamp(microseconds: 0)
    var updatedAt = Timestamp(microseconds: 0)
    var revision: Int64 = 1

    init() {}

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("network_id", &networkID)
        visitor.visit("project_id", &projectID)
        visitor.visit("name", &name)
        visitor.visit("description", &description)
        visitor.visit("cidr", &cidr)
        visitor.visit("gateway", &gateway)
        visitor.visit("host_address", &hostAddress)
        visitor.visit("dns", &dns)
        visitor.visit("pools", &pools)
        visitor.visit("enable_dhcp", &enableDHCP)
        visitor.visit("next_address", &nextAddress)
        visitor.visit("created_at", &createdAt)
        visitor.visit("updated_at", &updatedAt)
        visitor.visit("revision", &revision)
    }

    var dnsServers: [String] { dns.split(separator: ",").map(String.init) }

    var poolRanges: [ClosedRange<IPv4Address>] {
        pools.split(separator: ",").compactMap { text in
            let ends = text.split(separator: "-")
            guard ends.count == 2, let first = IPv4Address(ends[0]), let last = IPv4Address(ends[1]), first <= last
            else { return nil }
            return first...last
        }
    }

    /// The subnet's range; a row that holds none is damaged.
    func range() throws -> IPv4Range {
        guard let range = IPv4Range(cidr) else {
            throw NovaError(.internal, "A row of the database is damaged.", details: "subnet \(id): cidr \(cidr)")
        }
        return range
    }

    /// The subnet as the network's host serves it.
    func hosted() throws -> HostedSubnet {
        guard let address = IPv4Address(hostAddress) else {
            throw NovaError(.internal, "A row of the database is damaged.", details: "subnet \(id): \(hostAddress)")
        }
        return HostedSubnet(
            id: id, range: try range(), hostAddress: address, routed: gateway != nil, dns: dnsServers, dhcp: enableDHCP)
    }

    mutating func apply(_ plan: SubnetPlan) {
        cidr = plan.range.description
        gateway = plan.gateway?.description
        hostAddress = plan.hostAddress.description
        pools = plan.pools.map { "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
        nextAddress = Int64(plan.pools.first?.lowerBound.value ?? 0)
    }
}
