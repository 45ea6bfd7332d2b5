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
