import NovaRPC
import NovaWire

// The methods of the measured parties. They belong to an interface of their own, on the topics of real services, so that
// the broker's table of roles is in force as everywhere. A body is 256 bytes with its context.

/// Runs at once, for it may run again: there and back by four hops, as the broker in C does it.
struct BenchEcho: RPCMethod {
    static let topic = "bench"
    static let name = "echo"
    static let number: UInt16 = 1
    static let isIdempotent = true
    static let size = 206
    typealias Response = BenchAnswer

    /// What brings a body to 256 bytes.
    static let filling = String(repeating: "x", count: size)

    var payload = ""

    init() {}
    init(_ payload: String) { self.payload = payload }
    mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("payload", &payload) }
}

/// Runs once whatever happens: the worker waits for the broker's word, which is two hops more.
struct BenchOnce: RPCMethod {
    static let topic = "bench"
    static let name = "once"
    static let number: UInt16 = 2
    typealias Response = BenchAnswer

    var payload = ""

    init() {}
    init(_ payload: String) { self.payload = payload }
    mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("payload", &payload) }
}

/// A message that is settled without an answer.
struct BenchNote: RPCMethod {
    static let topic = "bench"
    static let name = "note"
    static let number: UInt16 = 3
    static let delivery = RPCDelivery.cast
    typealias Response = Nothing

    var payload = ""

    init() {}
    init(_ payload: String) { self.payload = payload }
    mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("payload", &payload) }
}

/// A message for all subscribers, with the time when it was sent.
struct BenchShout: RPCMethod {
    static let topic = "bench"
    static let name = "shout"
    static let number: UInt16 = 4
    static let delivery = RPCDelivery.fanout
    typealias Response = Nothing

    var number: Int64 = 0
    var sentAt = 0.0
    var payload = ""

    init() {}
    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("number", &number)
        visitor.visit("sent_at", &sentAt)
        visitor.visit("payload", &payload)
    }
}

/// Work that takes a while; the answer tells when it began and when it ended.
///
/// It may run again, so that it begins when a worker has it: what is measured is whom it goes to and when.
struct BenchJob: RPCMethod {
    static let topic = "bench"
    static let name = "job"
    static let number: UInt16 = 5
    static let isIdempotent = true
    typealias Response = BenchJobTimes

    var milliseconds: Int64 = 0

    init() {}
    init(milliseconds: Int64) { self.milliseconds = milliseconds }
    mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("milliseconds", &milliseconds) }
}

struct BenchAnswer: Record {
    var payload = ""

    init() {}
    init(_ payload: String) { self.payload = payload }
    mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("payload", &payload) }
}

struct BenchJobTimes: Record {
    var began = 0.0
    var ended = 0.0

    init() {}
    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("began", &began)
        visitor.visit("ended", &ended)
    }
}
