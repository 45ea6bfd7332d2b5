public import NovaCore

// The types that fields may have. Each says its wire form, its column and its printed form.

extension Bool: FieldValue {
    @inlinable public func encode(to writer: inout WireWriter) { writer.byte(self ? 1 : 0) }
    @inlinable
    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.byte() {
        case 0: self = false
        case 1: self = true
        default: throw .badValue
        }
    }
    @inlinable public var column: ColumnValue { .integer(self ? 1 : 0) }
    @inlinable
    public init(column: ColumnValue) throws(WireError) {
        guard case .integer(let value) = column else { throw .badValue }
        self = value != 0
    }
    public static var wireType: String { "bool" }
    public var debugText: String { String(self) }
}

extension Int64: FieldValue {
    @inlinable public func encode(to writer: inout WireWriter) { writer.signed(self) }
    @inlinable public init(from reader: inout WireReader) throws(WireError) { self = try reader.signed() }
    @inlinable public var column: ColumnValue { .integer(self) }
    @inlinable
    public init(column: ColumnValue) throws(WireError) {
        guard case .integer(let value) = column else { throw .badValue }
        self = value
    }
    public static var wireType: String { "int" }
    public var debugText: String { String(self) }
}

extension UInt64: FieldValue {
    @inlinable public func encode(to writer: inout WireWriter) { writer.varint(self) }
    @inlinable public init(from reader: inout WireReader) throws(WireError) { self = try reader.varint() }
    @inlinable public var column: ColumnValue { .integer(Int64(bitPattern: self)) }
    @inlinable
    public init(column: ColumnValue) throws(WireError) {
        guard case .integer(let value) = column else { throw .badValue }
        self = UInt64(bitPattern: value)
    }
    public static var wireType: String { "uint" }
    public var debugText: String { String(self) }
}

extension Double: FieldValue {
    @inlinable public func encode(to writer: inout WireWriter) { writer.fixed64(bitPattern) }
    @inlinable public init(from reader: inout WireReader) throws(WireError) {
        self = Double(bitPattern: try reader.fixed64())
    }
    @inlinable public var column: ColumnValue { .real(self) }
    @inlinable
    public init(column: ColumnValue) throws(WireError) {
        switch column {
        case .real(let value): self = value
        case .integer(let value): self = Double(value)
        default: throw .badValue
        }
    }
    public static var wireType: String { "float" }
    public var debugText: String { String(self) }
}

extension String: FieldValue {
    @inlinable public func encode(to writer: inout WireWriter) { writer.text(self) }
    @inlinable public init(from reader: inout WireReader) throws(WireError) { self = try reader.text() }
    @inlinable public var column: ColumnValue { .text(self) }
    @inlinable
    public init(column: ColumnValue) throws(WireError) {
        guard case .text(let value) = column else { throw .badValue }
        self = value
    }
    public static var wireType: String { "text" }
    public var debugText: String { debugDescription }
}

extension UUID128: FieldValue {
    @inlinable
    public func encode(to writer: inout WireWriter) {
        writer.fixed64(high)
        writer.fixed64(low)
    }
    @inlinable
    public init(from reader: inout WireReader) throws(WireError) {
        let high = try reader.fixed64()
        let low = try reader.fixed64()
        self.init(high: high, low: low)
    }
    /// Canonical text: an operator reads and types it in SQL.
    @inlinable public var column: ColumnValue { .text(description) }
    @inlinable
    public init(column: ColumnValue) throws(WireError) {
        guard case .text(let text) = column, let value = UUID128(text) else { throw .badValue }
        self = value
    }
    public static var wireType: String { "uuid" }
    public var debugText: String { description }
}

extension Identifier: FieldValue {
    @inlinable public func encode(to writer: inout WireWriter) { uuid.encode(to: &writer) }
    @inlinable
    public init(from reader: inout WireReader) throws(WireError) { self.init(try UUID128(from: &reader)) }
    @inlinable public var column: ColumnValue { uuid.column }
    @inlinable
    public init(column: ColumnValue) throws(WireError) { self.init(try UUID128(column: column)) }
    public static var wireType: String { "uuid" }
    public var debugText: String { description }
}

extension OpaqueIdentifier: FieldValue {
    // 32 hex digits, the usual form, travel as 16 bytes behind a 0; other text as length + 1 and UTF-8.
    public func encode(to writer: inout WireWriter) {
        if let uuid = usualForm {
            writer.byte(0)
            uuid.encode(to: &writer)
        } else {
            let bytes = Array(text.utf8.prefix(64))
            writer.byte(UInt8(bytes.count + 1))
            bytes.withUnsafeBytes { writer.append($0) }
        }
    }
    public init(from reader: inout WireReader) throws(WireError) {
        let head = try reader.byte()
        if head == 0 {
            self.init(try UUID128(from: &reader).hex)
            return
        }
        guard head <= 65 else { throw .badValue }
        self.init(try reader.text(Int(head) - 1))
    }
    /// The number that the text is when it has 32 hex digits, all of them lower case.
    private var usualForm: UUID128? {
        guard text.utf8.count == 32 else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        for (place, byte) in text.utf8.enumerated() {
            guard let nibble = Hex.value(of: byte), byte < UInt8(ascii: "A") || byte > UInt8(ascii: "F") else {
                return nil
            }
            if place < 16 { words.0 = words.0 << 4 | UInt64(nibble) } else { words.1 = words.1 << 4 | UInt64(nibble) }
        }
        return UUID128(high: words.0, low: words.1)
    }
    @inlinable public var column: ColumnValue { .text(text) }
    @inlinable
    public init(column: ColumnValue) throws(WireError) { self.init(try String(column: column)) }
    public static var wireType: String { "id" }
    public var debugText: String { text }
}

extension Timestamp: FieldValue {
    @inlinable public func encode(to writer: inout WireWriter) { writer.signed(microseconds) }
    @inlinable
    public init(from reader: inout WireReader) throws(WireError) { self.init(microseconds: try reader.signed()) }
    @inlinable public var column: ColumnValue { .integer(microseconds) }
    @inlinable
    public init(column: ColumnValue) throws(WireError) { self.init(microseconds: try Int64(column: column)) }
    public static var wireType: String { "time" }
    public var debugText: String { iso8601MicroZ }
}

extension Optional: FieldValue where Wrapped: FieldValue {
    @inlinable
    public func encode(to writer: inout WireWriter) {
        guard let value = self else { return writer.byte(0) }
        writer.byte(1)
        value.encode(to: &writer)
    }
    @inlinable
    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.byte() {
        case 0: self = nil
        case 1: self = try Wrapped(from: &reader)
        default: throw .badValue
        }
    }
    @inlinable public var column: ColumnValue { self?.column ?? .null }
    @inlinable
    public init(column: ColumnValue) throws(WireError) {
        if case .null = column { self = nil } else { self = try Wrapped(column: column) }
    }
    public static var wireType: String { "\(Wrapped.wireType)?" }
    public var debugText: String { self?.debugText ?? "nil" }
}

extension Array: FieldValue where Element: FieldValue {
    @inlinable
    public func encode(to writer: inout WireWriter) {
        writer.varint(UInt64(count))
        for element in self { element.encode(to: &writer) }
    }
    @inlinable
    public init(from reader: inout WireReader) throws(WireError) {
        let count = try reader.count(of: MemoryLayout<Element>.stride)
        self.init()
        // The count is a peer's word: room is made for no more than a small list before elements prove it.
        reserveCapacity(Swift.min(count, 64))
        for _ in 0..<count { append(try Element(from: &reader)) }
    }
    /// A list is one blob in a row: the wire form of its elements.
    @inlinable public var column: ColumnValue {
        var writer = WireWriter()
        encode(to: &writer)
        return .blob(writer.bytes)
    }
    @inlinable
    public init(column: ColumnValue) throws(WireError) {
        guard case .blob(let bytes) = column else { throw .badValue }
        self = try WireReader.value(Self.self, in: bytes)
    }
    public static var wireType: String { "[\(Element.wireType)]" }
    public var debugText: String { "[\(map(\.debugText).joined(separator: ", "))]" }
}

extension Dictionary: FieldValue where Key == String, Value == String {
    // Sorted, so that equal maps have equal bytes.
    public func encode(to writer: inout WireWriter) {
        writer.varint(UInt64(count))
        guard count > 2 else { return encodeFew(to: &writer) }
        for (key, value) in sorted(by: { $0.key < $1.key }) {
            writer.text(key)
            writer.text(value)
        }
    }
    /// Two entries at most, without a list of them in between.
    private func encodeFew(to writer: inout WireWriter) {
        var entries = makeIterator()
        guard var first = entries.next() else { return }
        var second = entries.next()
        if let other = second, other.key < first.key { (first, second) = (other, first) }
        writer.text(first.key)
        writer.text(first.value)
        guard let second else { return }
        writer.text(second.key)
        writer.text(second.value)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        let count = try reader.count()
        self.init(minimumCapacity: Swift.min(count, 64))
        for _ in 0..<count {
            let key = try reader.text()
            self[key] = try reader.text()
        }
    }
    @inlinable public var column: ColumnValue {
        var writer = WireWriter()
        encode(to: &writer)
        return .blob(writer.bytes)
    }
    @inlinable
    public init(column: ColumnValue) throws(WireError) {
        guard case .blob(let bytes) = column else { throw .badValue }
        self = try WireReader.value(Self.self, in: bytes)
    }
    public static var wireType: String { "{text: text}" }
    public var debugText: String {
        "{\(sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", "))}"
    }
}

extension Secret: FieldValue where Value: FieldValue {
    @inlinable public func encode(to writer: inout WireWriter) { reveal().encode(to: &writer) }
    @inlinable
    public init(from reader: inout WireReader) throws(WireError) { self.init(try Value(from: &reader)) }
    @inlinable public var column: ColumnValue { reveal().column }
    @inlinable
    public init(column: ColumnValue) throws(WireError) { self.init(try Value(column: column)) }
    public static var wireType: String { "secret \(Value.wireType)" }
    public var debugText: String { "***" }
}

/// A byte string.
public struct Blob: FieldValue, Hashable {
    public var bytes: [UInt8]
    @inlinable public init(_ bytes: [UInt8] = []) { self.bytes = bytes }

    @inlinable public func encode(to writer: inout WireWriter) { writer.blob(bytes) }
    @inlinable public init(from reader: inout WireReader) throws(WireError) { bytes = try reader.blob() }
    @inlinable public var column: ColumnValue { .blob(bytes) }
    @inlinable
    public init(column: ColumnValue) throws(WireError) {
        guard case .blob(let bytes) = column else { throw .badValue }
        self.bytes = bytes
    }
    public static var wireType: String { "bytes" }
    public var debugText: String { "<\(bytes.count) bytes>" }
}

/// An enumeration whose cases go on the wire as their position in `allCases` and into rows as their name.
///
/// Cases are only ever appended.
public protocol WireEnum: FieldValue, RawRepresentable, CaseIterable, Hashable
where RawValue == String, AllCases == [Self] {}

extension WireEnum {
    @inlinable
    public func encode(to writer: inout WireWriter) {
        writer.varint(UInt64(Self.allCases.firstIndex(of: self) ?? 0))
    }
    @inlinable
    public init(from reader: inout WireReader) throws(WireError) {
        let position = try reader.varint()
        let cases = Self.allCases
        guard position < UInt64(cases.count) else { throw .badValue }
        self = cases[Int(position)]
    }
    @inlinable public var column: ColumnValue { .text(rawValue) }
    @inlinable
    public init(column: ColumnValue) throws(WireError) {
        guard case .text(let text) = column, let value = Self(rawValue: text) else { throw .badValue }
        self = value
    }
    public static var wireType: String { "enum(\(allCases.map(\.rawValue).joined(separator: "|")))" }
    public var debugText: String { rawValue }
}
