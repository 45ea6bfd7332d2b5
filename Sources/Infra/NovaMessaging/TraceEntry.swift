public import NovaCore
public import NovaWire

/// One message of a request, as the broker that it went through saw it; or the request itself.
public struct TraceEntry: Record, Equatable {
    /// The kind of an HTTP request's own entry: its interface is "POST os_compute_api:servers:create", its worker the
    /// service that answered, its outcome the status.
    public static let http = "http"

    public var trace = UUID128(high: 0, low: 0)
    /// "call", "cast", "fanout" or ``http``.
    public var kind = ""
    public var queue = ""
    public var interface = ""
    public var method: Int64 = 0
    public var sender = ""
    /// Empty when no worker got it.
    public var worker = ""
    /// How long ago it came, in milliseconds.
    public var age: Int64 = 0
    /// Milliseconds until a worker got it.
    public var waited: Int64 = 0
    /// Milliseconds from then until its end.
    public var served: Int64 = 0
    /// "reply", "fail", "done", "3 copies" of a fanout; "waiting" or "running" of a message that has not ended.
    public var outcome = ""

    public init() {}

    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("trace", &trace)
        visitor.visit("kind", &kind)
        visitor.visit("queue", &queue)
        visitor.visit("interface", &interface)
        visitor.visit("method", &method)
        visitor.visit("sender", &sender)
        visitor.visit("worker", &worker)
        visitor.visit("age", &age)
        visitor.visit("waited", &waited)
        visitor.visit("served", &served)
        visitor.visit("outcome", &outcome)
    }
}
