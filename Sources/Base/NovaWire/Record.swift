import NovaCore

/// A value whose fields are declared once, in order: that list gives its wire form, its database row, its
/// fingerprint and its printed form (`proto-spec/wire/codec.md`).
///
/// Fields are only ever appended. A field that is removed leaves a ``Reserved`` in its place.
public protocol Record: Sendable, FieldValue {
    /// A value with every field at its default.
    init()

    /// Visits each field, in wire order.
    mutating func fields<V: FieldVisitor>(_ visitor: inout V)
}

/// What is done with each field of a record.
public protocol FieldVisitor {
    mutating func visit<T: FieldValue>(_ name: StaticString, _ value: inout T)
}

/// A type that may be a field of a record.
public protocol FieldValue: Sendable {
    func encode(to writer: inout WireWriter)
    init(from reader: inout WireReader) throws(WireError)

    /// The value as one column of a database row.
    var column: ColumnValue { get }
    /// Reads a column; throws `badValue` when it holds something else.
    init(column: ColumnValue) throws(WireError)

    /// The type's name in fingerprints and in `proto-spec`.
    static var wireType: String { get }
    /// What the type holds, for ``RecordDescription``; a plain type called ``wireType`` when it says nothing else.
    static var fieldType: FieldType { get }
    /// The value for logs, secrets masked.
    var debugText: String { get }
}

extension Record {
    /// The record's bytes, with its length before them.
    @inlinable
    public func encoded() -> [UInt8] {
        var writer = WireWriter()
        encode(to: &writer)
        return writer.bytes
    }

    /// Reads a record that fills the bytes exactly.
    ///
    /// - Throws: ``NovaError`` `malformed`, naming the record, for anything that is not one.
    public init(decoding bytes: [UInt8]) throws {
        self = try bytes.withUnsafeBytes { try Self(decoding: $0) }
    }

    /// Reads a record that fills the bytes exactly.
    ///
    /// - Throws: ``NovaError`` `malformed`, naming the record, for anything that is not one.
    public init(decoding bytes: UnsafeRawBufferPointer) throws {
        do throws(WireError) {
            self = try Self.decode(bytes)
        } catch {
            throw NovaError(.malformed, "A malformed message was refused.", details: "\(Self.self): \(error)")
        }
    }

    @inlinable
    static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self {
        var reader = WireReader(bytes)
        let value = try Self(from: &reader)
        guard reader.isAtEnd else { throw .badCount }
        return value
    }

    @inlinable
    public func encode(to writer: inout WireWriter) { writer.fields(of: self) }
    @inlinable
    public init(from reader: inout WireReader) throws(WireError) { self = try reader.fields(of: Self.self) }

    @inlinable public var column: ColumnValue { .blob(encoded()) }
    @inlinable
    public init(column: ColumnValue) throws(WireError) {
        guard case .blob(let bytes) = column else { throw .badValue }
        self = try WireReader.value(Self.self, in: bytes)
    }

    public static var wireType: String { String(describing: Self.self) }
    public var debugText: String {
        var copy = self
        var visitor = DebugVisitor()
        copy.fields(&visitor)
        return "\(Self.wireType)(\(visitor.parts.joined(separator: ", ")))"
    }
    public var description: String { debugText }
}

/// Prints each field.
private struct DebugVisitor: FieldVisitor {
    var parts: [String] = []
    mutating func visit<T: FieldValue>(_ name: StaticString, _ value: inout T) {
        parts.append("\(name): \(value.debugText)")
    }
}

/// A record with no fields: the answer of a call that has nothing to say.
public struct Nothing: Record, Equatable {
    public init() {}
    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {}
}
