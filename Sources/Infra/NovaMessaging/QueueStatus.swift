public import NovaWire

/// One queue of a broker as operators see it.
public struct QueueStatus: Record, Equatable {
    /// The interface of the methods that every worker answers, whatever it serves.
    public static let interface = "queue"

    /// "conductor", or "compute.host-7" for a host queue.
    public var name = ""
    /// "topic", "host" or "fanout".
    public var kind = ""
    /// Messages that wait for a worker.
    public var ready: Int64 = 0
    /// Messages delivered and not finished.
    public var inFlight: Int64 = 0
    /// Bytes of the waiting messages.
    public var bytes: Int64 = 0
    /// Milliseconds that the oldest waiting message has waited.
    public var oldestAge: Int64 = 0
    /// Workers that serve the queue.
    public var consumers: Int64 = 0
    /// Free slots of all workers.
    public var credit: Int64 = 0
    /// Messages per second that came in, over the last seconds.
    public var rateIn = 0.0
    /// Messages per second that were delivered, over the last seconds.
    public var rateOut = 0.0
    /// Messages refused since the broker's start.
    public var rejected: Int64 = 0
    /// Messages whose time ran out here.
    public var expired: Int64 = 0
    /// Casts that nobody handled.
    public var deadLetters: Int64 = 0
    /// Messages delivered once more after a worker was lost.
    public var redelivered: Int64 = 0
    /// Messages that may have been taken at another broker: workers are asked.
    public var held: Int64 = 0
    /// Fanout messages that subscribers were too slow for.
    public var missed: Int64 = 0
    /// The broker's endpoint, written by the one that asks.
    public var broker = ""
    /// Messages that came since the broker's start.
    public var received: Int64 = 0
    /// Messages that were given to workers since the broker's start.
    public var delivered: Int64 = 0

    public init() {}

    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("name", &name)
        visitor.visit("kind", &kind)
        visitor.visit("ready", &ready)
        visitor.visit("in_flight", &inFlight)
        visitor.visit("bytes", &bytes)
        visitor.visit("oldest_age", &oldestAge)
        visitor.visit("consumers", &consumers)
        visitor.visit("credit", &credit)
        visitor.visit("rate_in", &rateIn)
        visitor.visit("rate_out", &rateOut)
        visitor.visit("rejected", &rejected)
        visitor.visit("expired", &expired)
        visitor.visit("dead_letters", &deadLetters)
        visitor.visit("redelivered", &redelivered)
        visitor.visit("held", &held)
        visitor.visit("missed", &missed)
        visitor.visit("broker", &broker)
        visitor.visit("received", &received)
        visitor.visit("delivered", &delivered)
    }
}
