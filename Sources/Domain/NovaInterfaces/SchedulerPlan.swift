public import NovaModel
public import NovaRPC
public import NovaWire

/// Finds hosts for many servers at once, each after those before it, and claims nothing.
public struct PlanHosts: RPCMethod, Equatable {
    public static let topic = "scheduler"
    public static let name = "plan_hosts"
    public static let number: UInt16 = 4
    public static let isIdempotent = true

    public struct Response: Record, Equatable {
        /// One for each request, in their order.
        public var places: [PlannedPlace] = []
        public init() {}
        public init(_ places: [PlannedPlace]) { self.places = places }
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("places", &places) }
    }

    public var requests: [SchedulingRequest] = []
    /// What is planned already, and nobody has claimed.
    public var planned: [PlannedLoad] = []
    /// Where servers of groups are to come by it.
    public var members: [PlannedMember] = []

    public init() {}
    public init(
        _ requests: [SchedulingRequest], after planned: [PlannedLoad] = [], _ members: [PlannedMember] = []
    ) {
        self.requests = requests
        self.planned = planned
        self.members = members
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("requests", &requests)
        visitor.visit("planned", &planned)
        visitor.visit("members", &members)
    }
}
