public import NovaWire

/// The answer to ``AdminQuestion/queues``: one page.
public struct QueueList: Record, Equatable {
    public var queues: [QueueStatus] = []
    public init() {}
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("queues", &queues) }
}

/// The answer to ``AdminQuestion/peers``: one page.
public struct PeerList: Record, Equatable {
    public var peers: [PeerStatus] = []
    public init() {}
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("peers", &peers) }
}

/// A cast that nobody handled.
public struct DeadLetter: Record, Equatable {
    /// The message's id.
    public var message = ""
    public var queue = ""
    /// The method's number and its interface.
    public var interface = ""
    public var method: Int64 = 0
    public var sender = ""
    /// "expired" or "worker lost".
    public var reason = ""
    /// `req-…` of the request it worked for, as a UUID.
    public var trace = ""

    public init() {}

    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("message", &message)
        visitor.visit("queue", &queue)
        visitor.visit("interface", &interface)
        visitor.visit("method", &method)
        visitor.visit("sender", &sender)
        visitor.visit("reason", &reason)
        visitor.visit("trace", &trace)
    }
}

/// The answer to ``AdminQuestion/deadLetters``: one page.
public struct DeadLetterList: Record, Equatable {
    public var letters: [DeadLetter] = []
    public init() {}
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("letters", &letters) }
}

/// The answer to ``AdminQuestion/methods``: one page.
public struct MethodList: Record, Equatable {
    public var methods: [MethodStatus] = []
    public init() {}
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("methods", &methods) }
}

/// The answer to ``AdminQuestion/trace``: the messages of one request that this broker saw end lately.
public struct TraceList: Record, Equatable {
    public var entries: [TraceEntry] = []
    public init() {}
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("entries", &entries) }
}
