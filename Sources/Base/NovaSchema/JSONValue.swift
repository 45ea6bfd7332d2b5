import NovaCore

/// A JSON value as it came from, or goes to, a peer.
public indirect enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number written without fraction and exponent that fits 64 bits: exact.
    case integer(Int64)
    /// Any other number.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// Parses one value that fills the bytes.
    ///
    /// Strict as RFC 8259: UTF-8 only, no duplicate names, no trailing text, integers exact (beyond 64 bits: refused).
    /// - Throws: ``NovaError`` `badRequest` "Malformed request body", the reason in `details`.
    public static func parse(_ bytes: [UInt8], maximumDepth: Int = 64) throws -> JSONValue {
        try bytes.withUnsafeBytes { try parse($0, maximumDepth: maximumDepth) }
    }

    /// Parses one value that fills the bytes; see ``parse(_:maximumDepth:)-([UInt8],_)``.
    public static func parse(_ bytes: UnsafeRawBufferPointer, maximumDepth: Int = 64) throws -> JSONValue {
        do throws(JSONFault) {
            var parser = JSONParser(bytes, maximumDepth: maximumDepth)
            return try parser.document()
        } catch {
            throw NovaError(.badRequest, "Malformed request body", details: "\(error.reason) at byte \(error.position)")
        }
    }

    /// Parses the text of one value; see ``parse(_:maximumDepth:)-([UInt8],_)``.
    public static func parse(text: String, maximumDepth: Int = 64) throws -> JSONValue {
        try parse(Array(text.utf8), maximumDepth: maximumDepth)
    }

    /// The value as compact UTF-8 text.
    public func serialized() -> [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }

    /// The value as compact text.
    public var text: String { String(decoding: serialized(), as: UTF8.self) }
}

extension JSONValue {
    /// The string, nil for another kind.
    public var stringValue: String? { if case .string(let value) = self { value } else { nil } }
    /// The integer, nil for another kind (also for a number with a fraction).
    public var integerValue: Int64? { if case .integer(let value) = self { value } else { nil } }
    /// The integer, nil for another kind (also for a number with a fraction).
    public var intValue: Int? { if case .integer(let value) = self { Int(value) } else { nil } }
    /// The number, of either kind; nil for another kind.
    public var doubleValue: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
    /// The truth value, nil for another kind.
    public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The elements, nil for another kind.
    public var arrayValue: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    /// The object, nil for another kind.
    public var objectValue: JSONObject? { if case .object(let value) = self { value } else { nil } }
    /// Whether the value is null.
    public var isNull: Bool { if case .null = self { true } else { false } }

    /// The integer, also when written as a decimal string, as Nova's schemas allow; nil for anything else.
    ///
    /// A string beyond 64 bits is the greatest or the least integer.
    public var lenientInteger: Int64? {
        switch self {
        case .integer(let value): return value
        case .string(let text):
            let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
            guard !digits.isEmpty, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
            return Int64(text) ?? (digits.count < text.utf8.count ? .min : .max)
        default: return nil
        }
    }

    /// The truth value, also in the words that Nova's schemas allow; nil for anything else.
    public var lenientBool: Bool? {
        switch self {
        case .bool(let value): value
        case .string(let text): BooleanWords.value(of: text)
        default: nil
        }
    }

    /// The member of an object; nil when there is none or this is no object.
    public subscript(_ name: String) -> JSONValue? { objectValue?[name] }

    /// The element of an array; nil when there is none or this is no array.
    public subscript(_ index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    /// The string of an optional, null for nil.
    public init(_ text: String?) { self = text.map { .string($0) } ?? .null }
    /// The integer of an optional, null for nil.
    public init(_ value: Int?) { self = value.map { .integer(Int64($0)) } ?? .null }
    /// The strings as an array.
    public init(_ texts: [String]) { self = .array(texts.map { .string($0) }) }
}

/// The strings that Nova's boolean schema takes beside true and false.
enum BooleanWords {
    /// All that the schema takes, in the order in which Nova names them.
    static let all: [JSONValue] = [
        true, "True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes", false, "False", "FALSE", "false", "0",
        "OFF", "Off", "off", "NO", "No", "no",
    ]

    static func value(of text: String) -> Bool? {
        switch text {
        case "True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes": true
        case "False", "FALSE", "false", "0", "OFF", "Off", "off", "NO", "No", "no": false
        default: nil
        }
    }
}

extension JSONValue: ExpressibleByNilLiteral { public init(nilLiteral: ()) { self = .null } }
extension JSONValue: ExpressibleByBooleanLiteral { public init(booleanLiteral value: Bool) { self = .bool(value) } }
extension JSONValue: ExpressibleByIntegerLiteral { public init(integerLiteral value: Int64) { self = .integer(value) } }
extension JSONValue: ExpressibleByFloatLiteral { public init(floatLiteral value: Double) { self = .number(value) } }
extension JSONValue: ExpressibleByStringLiteral { public init(stringLiteral value: String) { self = .string(value) } }
extension JSONValue: ExpressibleByStringInterpolation {}
extension JSONValue: ExpressibleByArrayLiteral {
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
}
extension JSONValue: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }
}
