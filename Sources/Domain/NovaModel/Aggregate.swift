public import NovaCore
public import NovaWire

/// Hosts that operators put together, with metadata that scheduler filters read.
public struct Aggregate: Record, Equatable {
    /// The metadata key that makes an aggregate an availability zone.
    public static let zoneKey = "availability_zone"
    /// The zone of hosts that are in no aggregate with a zone of its own.
    public static let defaultZone = "nova"

    /// The number by which the Compute API knows it.
    public var sequence: Int64 = 0
    public var id = AggregateID.none
    public var name = ""
    /// In the order in which they were added.
    public var hosts: [String] = []
    public var metadata: [String: String] = [:]
    public var createdAt = Timestamp(microseconds: 0)
    public var updatedAt: Timestamp?

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("sequence", &sequence)
        visitor.visit("id", &id)
        visitor.visit("name", &name)
        visitor.visit("hosts", &hosts)
        visitor.visit("metadata", &metadata)
        visitor.visit("created_at", &createdAt)
        visitor.visit("updated_at", &updatedAt)
    }

    /// Its zone, nil when it is none.
    public var zone: String? { metadata[Self.zoneKey] }
}

/// Which availability zone each host is in.
public struct ZoneMap: Sendable {
    private let zones: [String: String]

    public init(_ aggregates: [Aggregate]) {
        var zones: [String: String] = [:]
        for aggregate in aggregates {
            guard let zone = aggregate.zone else { continue }
            for host in aggregate.hosts { zones[host] = zone }
        }
        self.zones = zones
    }

    /// The zone that an aggregate gives a host, nil when none does.
    public func assigned(_ host: String) -> String? { zones[host] }

    /// The zone of a host: an aggregate's, else what the host reports, as a rule "nova".
    public func zone(of host: HostResources) -> String { zones[host.host] ?? host.availabilityZone }

    /// The zone of a host by its name.
    public func zone(of host: String) -> String { zones[host] ?? Aggregate.defaultZone }
}
