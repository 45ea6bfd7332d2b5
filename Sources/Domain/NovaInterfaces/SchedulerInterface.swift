public import NovaModel
public import NovaRPC
public import NovaWire

/// The choice of hosts.
///
/// See `proto-spec/rpc/scheduler.md`.
public enum SchedulerInterface: RPCInterface {
    public static let topic = "scheduler"
    public static let methods: [any RPCMethod.Type] = [
        SelectHost.self, HostChanged.self, HostsOutdated.self, PlanHosts.self,
    ]
}

/// Finds a host and claims its resources.
///
/// Idempotent per server: a repeated request finds its claim and answers the same host.
public struct SelectHost: RPCMethod, Equatable {
    public typealias Response = SchedulingDecision
    public static let topic = "scheduler"
    public static let name = "select_host"
    public static let number: UInt16 = 1
    public static let isIdempotent = true

    public var request = SchedulingRequest()

    public init() {}
    public init(_ request: SchedulingRequest) { self.request = request }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("request", &request) }
}

/// Fanout to all schedulers: a host is new or changed.
public struct HostChanged: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "scheduler"
    public static let name = "host_changed"
    public static let number: UInt16 = 2
    public static let delivery = RPCDelivery.fanout
    public static let isIdempotent = true

    public var host = HostRecord()

    public init() {}
    public init(_ host: HostRecord) { self.host = host }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("host", &host) }
}

/// Fanout to all schedulers: operators have changed hosts or aggregates, so what is known of them must be asked anew.
public struct HostsOutdated: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "scheduler"
    public static let name = "hosts_outdated"
    public static let number: UInt16 = 3
    public static let delivery = RPCDelivery.fanout
    public static let isIdempotent = true

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {}
}
