import NovaCore

/// Reads records from untrusted bytes: every length is checked against what is left before it is used.
public struct WireReader {
    /// How deep records may nest.
    public static let maximumDepth = 16
    /// What all lists of one message may take in memory, in bytes.
    ///
    /// An element may be one byte on the wire and hundreds here; no honest message comes near.
    static let listMemory = 64 << 20

    @usableFromInline let base: UnsafeRawBufferPointer
    @usableFromInline var at: Int
    @usableFromInline var end: Int
    @usableFromInline var depth: Int
    /// What lists may still take in memory.
    @usableFromInline var room: Int

    @usableFromInline
    init(_ base: UnsafeRawBufferPointer) {
        self.base = base
        at = 0
        end = base.count
        depth = 0
        room = max(Self.listMemory, base.count &* 64)
    }

    /// Gives a reader over bytes to a body; the reader must not leave it.
    @inlinable
    public static func with<T>(_ bytes: UnsafeRawBufferPointer, _ body: (inout WireReader) throws -> T) rethrows -> T {
        var reader = WireReader(bytes)
        return try body(&reader)
    }

    /// Gives a reader over bytes to a body; the reader must not leave it.
    @inlinable
    public static func with<T>(_ bytes: [UInt8], _ body: (inout WireReader) throws -> T) rethrows -> T {
        try bytes.withUnsafeBytes { try with($0, body) }
    }

    /// Reads one value from bytes.
    @inlinable
    static func value<T: FieldValue>(_ type: T.Type, in bytes: [UInt8]) throws(WireError) -> T {
        let result: Result<T, WireError> = bytes.withUnsafeBytes { raw in
            var reader = WireReader(raw)
            do throws(WireError) { return .success(try T(from: &reader)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// The bytes left in the enclosing record.
    @inlinable public var left: Int { end &- at }
    @inlinable public var isAtEnd: Bool { at >= end }

    @inlinable
    public mutating func byte() throws(WireError) -> UInt8 {
        guard at < end else { throw .truncated }
        let value = base[at]
        at &+= 1
        return value
    }

    @inlinable
    public mutating func varint() throws(WireError) -> UInt64 {
        guard at < end else { throw .truncated }
        let first = base[at]
        at &+= 1
        if first < 0x80 { return UInt64(first) }
        var value = UInt64(first & 0x7F)
        var shift: UInt64 = 7
        while true {
            let next = try byte()
            guard shift < 63 || next <= 1 else { throw .badVarint }
            value |= UInt64(next & 0x7F) &<< shift
            if next < 0x80 {
                guard next != 0 else { throw .badVarint }
                return value
            }
            shift &+= 7
            guard shift <= 63 else { throw .badVarint }
        }
    }

    @inlinable
    public mutating func signed() throws(WireError) -> Int64 {
        let raw = try varint()
        return Int64(bitPattern: (raw &>> 1) ^ (0 &- (raw & 1)))
    }

    @inlinable
    public mutating func fixed64() throws(WireError) -> UInt64 {
        guard left >= 8 else { throw .truncated }
        let value = base.loadUnaligned(fromByteOffset: at, as: UInt64.self)
        at &+= 8
        return UInt64(bigEndian: value)
    }

    /// A length that has been checked against the bytes left.
    @inlinable
    public mutating func length() throws(WireError) -> Int {
        let claimed = try varint()
        guard claimed <= UInt64(left) else { throw .truncated }
        return Int(claimed)
    }

    /// An element count, at most the bytes left, as no element is shorter than one byte.
    @inlinable
    public mutating func count() throws(WireError) -> Int {
        let claimed = try varint()
        guard claimed <= UInt64(left) else { throw .badCount }
        return Int(claimed)
    }

    /// The count of a list whose elements have a size in memory.
    @inlinable
    mutating func count(of size: Int) throws(WireError) -> Int {
        let count = try count()
        let (total, isTooLarge) = count.multipliedReportingOverflow(by: size)
        guard !isTooLarge, total <= room else { throw .tooLarge }
        room &-= total
        return count
    }

    @inlinable
    public mutating func blob() throws(WireError) -> [UInt8] {
        let length = try length()
        let value = [UInt8](base[at..<at &+ length])
        at &+= length
        return value
    }

    public mutating func text() throws(WireError) -> String {
        let length = try length()
        guard length > 0 else { return "" }
        return try text(length)
    }

    /// Text of so many bytes.
    mutating func text(_ length: Int) throws(WireError) -> String {
        guard length >= 0, length <= left else { throw .truncated }
        let slice = UnsafeRawBufferPointer(rebasing: base[at..<at &+ length])
        at &+= length
        guard let value = String(utf8: slice) else { throw .badText }
        return value
    }

    /// Reads a record.
    ///
    /// Fields that an older writer did not know keep their defaults; those that a newer one appended are skipped.
    @inlinable
    public mutating func record<R: Record>(_ type: R.Type) throws(WireError) -> R { try R(from: &self) }

    /// What ``Record/init(from:)`` does: it is called through the record, whose module has it specialised.
    @inlinable
    mutating func fields<R: Record>(of type: R.Type) throws(WireError) -> R {
        let length = try length()
        guard depth < Self.maximumDepth else { throw .tooDeep }
        let outerEnd = end
        let recordEnd = at &+ length
        end = recordEnd
        depth &+= 1
        var value = R()
        let error = withUnsafeMutablePointer(to: &self) { reader in
            var visitor = DecodingVisitor(reader: reader)
            value.fields(&visitor)
            return visitor.error
        }
        if let error { throw error }
        at = recordEnd
        end = outerEnd
        depth &-= 1
        return value
    }
}

/// Reads each field that a record lists; after the first error, or past the record's end, the rest keep their defaults.
public struct DecodingVisitor: FieldVisitor {
    @usableFromInline let reader: UnsafeMutablePointer<WireReader>
    @usableFromInline var error: WireError?

    @inlinable
    init(reader: UnsafeMutablePointer<WireReader>) { self.reader = reader }

    @inlinable
    public mutating func visit<T: FieldValue>(_ name: StaticString, _ value: inout T) {
        guard error == nil, !reader.pointee.isAtEnd else { return }
        do throws(WireError) { value = try T(from: &reader.pointee) } catch { self.error = error }
    }
}
