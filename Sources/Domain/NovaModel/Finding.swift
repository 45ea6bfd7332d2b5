public import NovaCore
public import NovaWire

/// Something that is not as it should be, as a reconciler remembers it.
public struct Finding: Record, Equatable {
    /// What is wrong: "port-of-deleted-server".
    public var kind = ""
    /// What it is wrong with: mostly an id.
    public var object = ""
    /// The compute host that it is on; empty when it is on none.
    public var host = ""
    public var reconciler = ""
    /// The server that it is about, or `none`.
    public var serverID = ServerID.none
    public var explanation = ""
    /// What heals it, for operators.
    public var remedy = ""
    /// Whether it may be healed without asking.
    public var isSafe = false
    /// Whether it was seen again after the settling time; before that it is a suspicion.
    public var isConfirmed = false
    public var firstSeen = Timestamp(microseconds: 0)
    public var lastSeen = Timestamp(microseconds: 0)
    public var healedAt: Timestamp?
    /// Why the last attempt to heal it failed.
    public var error = ""

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("kind", &kind)
        visitor.visit("object", &object)
        visitor.visit("host", &host)
        visitor.visit("reconciler", &reconciler)
        visitor.visit("server_id", &serverID)
        visitor.visit("explanation", &explanation)
        visitor.visit("remedy", &remedy)
        visitor.visit("is_safe", &isSafe)
        visitor.visit("is_confirmed", &isConfirmed)
        visitor.visit("first_seen", &firstSeen)
        visitor.visit("last_seen", &lastSeen)
        visitor.visit("healed_at", &healedAt)
        visitor.visit("error", &error)
    }
}

/// How a reconciler's last run went.
public struct ReconcilerStatus: Record, Equatable {
    public var name = ""
    public var startedAt = Timestamp(microseconds: 0)
    /// Microseconds.
    public var duration: Int64 = 0
    public var findings: Int64 = 0
    /// Seen once: findings, if they are seen again.
    public var suspicions: Int64 = 0
    /// Healed since ever.
    public var healed: Int64 = 0
    /// Why it could not look; empty when it could.
    public var error = ""

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("name", &name)
        visitor.visit("started_at", &startedAt)
        visitor.visit("duration", &duration)
        visitor.visit("findings", &findings)
        visitor.visit("suspicions", &suspicions)
        visitor.visit("healed", &healed)
        visitor.visit("error", &error)
    }
}
