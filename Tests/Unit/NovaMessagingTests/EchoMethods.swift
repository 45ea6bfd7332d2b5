import NovaCore
import NovaRPC
import NovaWire

struct Echo: RPCMethod {
    typealias Response = Echo
    static let topic = "echo"
    static let name = "echo"
    static let number: UInt16 = 1
    var text = ""
    init() {}
    init(_ text: String) { self.text = text }
    mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("text", &text) }
}

struct Unserved: RPCMethod {
    typealias Response = Nothing
    static let topic = "echo"
    static let name = "unserved"
    static let number: UInt16 = 2
    init() {}
    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {}
}

/// A method that a newer release has brought; older workers know ``Echo``.
struct NewerEcho: RPCMethod {
    typealias Response = Echo
    static let topic = "echo"
    static let name = "newer_echo"
    static let number: UInt16 = 3
    static let since: UInt16 = 2
    var text = ""
    init() {}
    init(_ text: String) { self.text = text }
    mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("text", &text) }
    var predecessor: (any RPCMethod<Echo>)? { Echo(text) }
}

/// A method that has no older form.
struct BrandNew: RPCMethod {
    typealias Response = Nothing
    static let topic = "echo"
    static let name = "brand_new"
    static let number: UInt16 = 4
    static let since: UInt16 = 2
    init() {}
    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {}
}
