public import NovaCore
public import NovaModel
public import NovaRPC
public import NovaWire

/// Plans how the servers of a host are moved off it, or come back; nothing is done yet.
///
/// The plan stands in the nova database. Asks the hosts of servers that run, and those that they could go to, what speaks
/// against it. Not for compute hosts.
public struct PlanDrain: RPCMethod, Equatable {
    public static let topic = "conductor"
    public static let name = "plan_drain"
    public static let number: UInt16 = 15
    public static let since: UInt16 = 1
    public static let timeout = Duration.seconds(300)

    public struct Response: Record, Equatable {
        public var drainID = DrainID.none
        public init() {}
        public init(_ drainID: DrainID) { self.drainID = drainID }
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("drain_id", &drainID) }
    }

    public var host = ""
    public var purpose = DrainPurpose.drain
    /// Whether servers that run are stopped for their move, too.
    public var isCold = false

    public init() {}
    public init(_ host: String, _ purpose: DrainPurpose, isCold: Bool = false) {
        self.host = host
        self.purpose = purpose
        self.isCold = isCold
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("host", &host)
        visitor.visit("purpose", &purpose)
        visitor.visit("is_cold", &isCold)
    }
}
