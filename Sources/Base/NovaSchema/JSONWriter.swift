/// Writes JSON text as it goes, without a tree in between.
///
/// Commas and quotes are its work; that names and values alternate is the caller's.
public struct JSONWriter: Sendable {
    /// The text so far, UTF-8.
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// An empty text.
    public init() { bytes.reserveCapacity(512) }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func raw(_ text: StaticString) {
        separate()
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        needsComma = true
    }

    /// An object as the next value; the body writes its fields.
    public mutating func object(_ body: (inout JSONWriter) throws -> Void) rethrows {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
        try body(&self)
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    /// An array as the next value; the body writes its values.
    public mutating func array(_ body: (inout JSONWriter) throws -> Void) rethrows {
        separate()
        bytes.append(UInt8(ascii: "["))
        needsComma = false
        try body(&self)
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    /// The name of the next value of an object.
    public mutating func key(_ name: String) {
        separate()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A string, or null for nil.
    public mutating func value(_ value: String?) {
        guard let value else { return raw("null") }
        separate()
        quote(value)
        needsComma = true
    }

    /// One string of several pieces, such as an address.
    public mutating func value(joining pieces: (String, String, String, String)) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        escape(pieces.0)
        escape(pieces.1)
        escape(pieces.2)
        escape(pieces.3)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// An integer, or null for nil.
    public mutating func value(_ value: Int64?) {
        guard let value else { return raw("null") }
        separate()
        var digits = value.magnitude
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digits % 10))
            digits /= 10
        } while digits > 0
        bytes[start...].reverse()
        needsComma = true
    }

    /// An integer, or null for nil.
    public mutating func value(_ value: Int?) { self.value(value.map { Int64($0) }) }

    /// A truth value, or null for nil.
    public mutating func value(_ value: Bool?) {
        switch value {
        case true?: raw("true")
        case false?: raw("false")
        case nil: raw("null")
        }
    }

    /// A number; null for nil and for what JSON cannot say.
    public mutating func value(_ value: Double?) {
        guard let value, value.isFinite else { return raw("null") }
        separate()
        bytes.append(contentsOf: "\(value)".utf8)
        needsComma = true
    }

    /// A tree.
    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: raw("null")
        case .bool(let bool): self.value(bool)
        case .integer(let integer): self.value(integer)
        case .number(let number): self.value(number)
        case .string(let text): self.value(text)
        case .array(let elements): array { for element in elements { $0.value(element) } }
        case .object(let object): self.object { for (name, member) in object { $0.field(name, member) } }
        }
    }

    /// Null.
    public mutating func null() { raw("null") }

    /// A string member, null for nil.
    public mutating func field(_ name: String, _ value: String?) {
        key(name)
        self.value(value)
    }
    /// An integer member, null for nil.
    public mutating func field(_ name: String, _ value: Int64?) {
        key(name)
        self.value(value)
    }
    /// An integer member, null for nil.
    public mutating func field(_ name: String, _ value: Int?) {
        key(name)
        self.value(value)
    }
    /// A truth value member, null for nil.
    public mutating func field(_ name: String, _ value: Bool?) {
        key(name)
        self.value(value)
    }
    /// A number member, null for nil.
    public mutating func field(_ name: String, _ value: Double?) {
        key(name)
        self.value(value)
    }
    /// A tree as a member.
    public mutating func field(_ name: String, _ value: JSONValue) {
        key(name)
        self.value(value)
    }
    /// An array of strings as a member.
    public mutating func field(_ name: String, _ values: [String]) {
        key(name)
        array { for value in values { $0.value(value) } }
    }
    /// An object as a member; the body writes its fields.
    public mutating func field(_ name: String, object body: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        try object(body)
    }
    /// An array as a member; the body writes its values.
    public mutating func field(_ name: String, array body: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        try array(body)
    }
    /// A null member.
    public mutating func null(_ name: String) {
        key(name)
        null()
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        escape(text)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            // To the end in any case: then the compiler looks at many bytes at once.
            var special: UInt8 = 0
            for byte in utf8 { special |= Self.isSpecial(byte) ? 1 : 0 }
            guard special != 0 else { return bytes.append(contentsOf: utf8) }
            for byte in utf8 { if Self.isSpecial(byte) { escape(byte) } else { bytes.append(byte) } }
        }
    }

    /// Whether a string may hold the byte only escaped.
    @inline(__always)
    private static func isSpecial(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x22 || byte == 0x5C }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x22, 0x5C: bytes.append(byte)
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        default:
            bytes.append(contentsOf: "u00".utf8)
            for nibble in [byte >> 4, byte & 0xF] {
                bytes.append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
            }
        }
    }
}
