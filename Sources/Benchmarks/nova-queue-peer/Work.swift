import NovaRPC
import NovaWire

/// A method that takes a time; the request's id says which work it is.
protocol Work: RPCMethod where Response == Nothing {
    /// How long it takes, in milliseconds.
    var time: Int64 { get }
    init(time: Int64)
}

extension Work {
    static var topic: String { "chaos" }
    static var timeout: Duration { .seconds(30) }
}

/// Work that must not be done twice.
struct WorkOnce: Work {
    typealias Response = Nothing
    static let name = "once"
    static let number: UInt16 = 1

    var time: Int64 = 0

    init() {}
    init(time: Int64) { self.time = time }

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("time", &time) }
}

/// Work that may be done again.
struct WorkAgain: Work {
    typealias Response = Nothing
    static let name = "again"
    static let number: UInt16 = 2
    static let isIdempotent = true

    var time: Int64 = 0

    init() {}
    init(time: Int64) { self.time = time }

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("time", &time) }
}
