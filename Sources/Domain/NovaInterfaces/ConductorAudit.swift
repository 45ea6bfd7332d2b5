public import NovaRPC
public import NovaWire

/// Runs the reconcilers now; what they find stands in the nova database.
///
/// Waits for a run that is under way. Not for compute hosts.
public struct RunAudit: RPCMethod, Equatable {
    public static let topic = "conductor"
    public static let name = "run_audit"
    public static let number: UInt16 = 9
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(120)

    public struct Response: Record, Equatable {
        public var findings: Int64 = 0
        /// Seen for the first time: they count when they are seen again after ``settleMilliseconds``.
        public var suspicions: Int64 = 0
        public var healed: Int64 = 0
        public var settleMilliseconds: Int64 = 0
        public init() {}
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
            visitor.visit("findings", &findings)
            visitor.visit("suspicions", &suspicions)
            visitor.visit("healed", &healed)
            visitor.visit("settle_milliseconds", &settleMilliseconds)
        }
    }

    /// Whether what is safe to heal is healed.
    public var heals = false
    /// Kinds of findings that are healed although they are not safe: an operator says so.
    public var alsoHeals: [String] = []

    public init() {}
    public init(heals: Bool, alsoHeals: [String]) {
        self.heals = heals
        self.alsoHeals = alsoHeals
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("heals", &heals)
        visitor.visit("also_heals", &alsoHeals)
    }
}
