/// Builds the bytes of records.
///
/// See `proto-spec/wire/codec.md` for the format.
public struct WireWriter: Sendable {
    public var bytes: [UInt8]

    @inlinable
    public init(reserving capacity: Int = 256) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Appends one byte.
    @inlinable
    public mutating func byte(_ value: UInt8) { bytes.append(value) }

    /// Appends an unsigned integer in LEB128: 7 bits a byte, least significant first.
    @inlinable
    public mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Appends a signed integer as a zigzag varint.
    @inlinable
    public mutating func signed(_ value: Int64) {
        varint(UInt64(bitPattern: (value &<< 1) ^ (value &>> 63)))
    }

    /// Appends eight bytes, most significant first.
    @inlinable
    public mutating func fixed64(_ value: UInt64) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Appends a byte string with its length before it.
    @inlinable
    public mutating func blob(_ value: [UInt8]) {
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// Appends UTF-8 text with its length in bytes before it.
    @inlinable
    public mutating func text(_ value: String) {
        var value = value
        value.withUTF8 { utf8 in
            varint(UInt64(utf8.count))
            bytes.append(contentsOf: utf8)
        }
    }

    /// Appends a record: its length in bytes, then its fields in order.
    @inlinable
    public mutating func record<R: Record>(_ value: R) {
        // One length byte is reserved, and moved over in the rare record of 128 bytes and more.
        let start = bytes.count
        bytes.append(0)
        var copy = value
        var visitor = EncodingVisitor(writer: self)
        bytes = []
        copy.fields(&visitor)
        self = visitor.writer
        let length = bytes.count - start - 1
        if length < 0x80 {
            bytes[start] = UInt8(truncatingIfNeeded: length)
        } else {
            var prefix = WireWriter(reserving: 5)
            prefix.varint(UInt64(length))
            bytes.replaceSubrange(start..<start + 1, with: prefix.bytes)
        }
    }
}

/// Writes each field that a record lists.
public struct EncodingVisitor: FieldVisitor {
    @usableFromInline var writer: WireWriter

    @inlinable
    init(writer: consuming WireWriter) { self.writer = writer }

    @inlinable
    public mutating func visit<T: FieldValue>(_ name: StaticString, _ value: inout T) { value.encode(to: &writer) }
}
