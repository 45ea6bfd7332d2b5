public import NovaWire

/// What the workflow that switches a compute host off knows.
public struct HostFenceState: Record, Equatable {
    public var host = ""
    /// Why, in the words of who asked for it.
    public var reason = ""
    /// Whether nobody asked: the host had said nothing for too long.
    public var isAutomatic = false
    /// What the agent printed when it succeeded.
    public var output = ""

    public init() {}
    public init(_ host: String, reason: String, isAutomatic: Bool = false) {
        self.host = host
        self.reason = reason
        self.isAutomatic = isAutomatic
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("host", &host)
        visitor.visit("reason", &reason)
        visitor.visit("is_automatic", &isAutomatic)
        visitor.visit("output", &output)
    }
}
