public import NovaWire

/// One connection of a broker as operators see it.
public struct PeerStatus: Record, Equatable {
    /// "compute@host-7/1".
    public var principal = ""
    public var role = ""
    public var host = ""
    /// The wire version agreed with it.
    public var version: Int64 = 0
    /// Milliseconds since its last message.
    public var lastHeard: Int64 = 0
    /// The queues it serves.
    public var serves: [String] = []

    /// Messages in hand.
    public var inFlight: Int64 = 0
    /// Whether its handlers have ended nothing for long with work in hand.
    public var isStuck = false
    /// The newest minor version of each interface that it serves: "compute 1".
    public var versions: [String] = []
    /// The broker's endpoint, written by the one that asks.
    public var broker = ""

    public init() {}

    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("principal", &principal)
        visitor.visit("role", &role)
        visitor.visit("host", &host)
        visitor.visit("version", &version)
        visitor.visit("last_heard", &lastHeard)
        visitor.visit("serves", &serves)
        visitor.visit("in_flight", &inFlight)
        visitor.visit("is_stuck", &isStuck)
        visitor.visit("versions", &versions)
        visitor.visit("broker", &broker)
    }
}
