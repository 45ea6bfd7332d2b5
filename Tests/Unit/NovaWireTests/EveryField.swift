import NovaCore
import NovaWire

enum Color: String, WireEnum {
    case red, green, blue
}

struct Inner: Record, Equatable {
    var text = "default"
    var number: Int64 = 42
    init() {}
    init(_ text: String, _ number: Int64) {
        self.text = text
        self.number = number
    }
    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("text", &text)
        visitor.visit("number", &number)
    }
}

/// ``Inner`` of a later version.
struct LaterInner: Record, Equatable {
    var text = "default"
    var number: Int64 = 42
    var more = [Int64]()
    var color = Color.blue
    init() {}
    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("text", &text)
        visitor.visit("number", &number)
        visitor.visit("more", &more)
        visitor.visit("color", &color)
    }
}

/// A field of every type.
struct EveryField: Record, Equatable {
    var flag = false
    var signed: Int64 = 0
    var unsigned: UInt64 = 0
    var float = 0.0
    var text = ""
    var uuid = UUID128(high: 0, low: 0)
    var server = ServerID.none
    var user = UserID("")
    var project = ProjectID("")
    var time = Timestamp(microseconds: 0)
    var missing: String?
    var present: Int64?
    var list: [String] = []
    var map: [String: String] = [:]
    var secret = Secret("")
    var blob = Blob()
    var color = Color.red
    var inner = Inner()
    var inners: [Inner] = []
    init() {}

    static var sample: EveryField {
        var value = EveryField()
        value.flag = true
        value.signed = -300
        value.unsigned = .max
        value.float = 1.5
        value.text = "Grüße"
        value.uuid = UUID128(high: 0x0011_2233_4455_6677, low: 0x8899_AABB_CCDD_EEFF)
        value.server = ServerID(UUID128(high: 1, low: 2))
        value.user = UserID("00112233445566778899aabbccddeeff")
        value.project = ProjectID("default")
        value.time = Timestamp(microseconds: 1_700_000_000_000_000)
        value.present = 7
        value.list = ["a", "", "c"]
        value.map = ["k": "v", "a": "b"]
        value.secret = Secret("pw")
        value.blob = Blob([0, 255])
        value.color = .green
        value.inner = Inner("i", 1)
        value.inners = [Inner("x", -1), Inner()]
        return value
    }

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("flag", &flag)
        visitor.visit("signed", &signed)
        visitor.visit("unsigned", &unsigned)
        visitor.visit("float", &float)
        visitor.visit("text", &text)
        visitor.visit("uuid", &uuid)
        visitor.visit("server", &server)
        visitor.visit("user", &user)
        visitor.visit("project", &project)
        visitor.visit("time", &time)
        visitor.visit("missing", &missing)
        visitor.visit("present", &present)
        visitor.visit("list", &list)
        visitor.visit("map", &map)
        visitor.visit("secret", &secret)
        visitor.visit("blob", &blob)
        visitor.visit("color", &color)
        visitor.visit("inner", &inner)
        visitor.visit("inners", &inners)
    }
}
