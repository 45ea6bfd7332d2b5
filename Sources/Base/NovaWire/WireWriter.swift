/// Builds the bytes of records, in one growing buffer of its own.
///
/// See `proto-spec/wire/codec.md` for the format.
public struct WireWriter: ~Copyable {
    @usableFromInline var base: UnsafeMutableRawPointer
    @usableFromInline var capacity: Int
    @usableFromInline var count: Int

    /// An empty writer; the buffer grows as needed.
    public init(reserving capacity: Int = 1_000) {
        self.capacity = max(16, capacity)
        base = .allocate(byteCount: self.capacity, alignment: 16)
        count = 0
    }

    deinit { base.deallocate() }

    /// The bytes so far, as a copy.
    public var bytes: [UInt8] {
        get { withUnsafeBytes { [UInt8]($0) } }
        set {
            removeAll()
            newValue.withUnsafeBytes { append($0) }
        }
    }

    /// Gives the bytes so far to a body; the pointer must not leave it.
    @inlinable
    public borrowing func withUnsafeBytes<T>(_ body: (UnsafeRawBufferPointer) throws -> T) rethrows -> T {
        try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// Forgets the bytes and keeps the buffer.
    public mutating func removeAll() { count = 0 }

    /// Where the next bytes go: room for so many is there then, and they count as written.
    @inlinable
    mutating func take(_ size: Int) -> UnsafeMutableRawPointer {
        if capacity &- count < size { grow(size) }
        let place = base + count
        count &+= size
        return place
    }

    @usableFromInline @inline(never)
    mutating func grow(_ size: Int) {
        let larger = max(capacity * 2, count + size)
        let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        moved.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = moved
        capacity = larger
    }

    /// Appends one byte.
    @inlinable
    public mutating func byte(_ value: UInt8) { take(1).storeBytes(of: value, as: UInt8.self) }

    /// Appends an unsigned integer in LEB128: 7 bits a byte, least significant first.
    @inlinable
    public mutating func varint(_ value: UInt64) {
        if value < 0x80 { byte(UInt8(truncatingIfNeeded: value)) } else { longVarint(value) }
    }

    @usableFromInline @inline(never)
    mutating func longVarint(_ value: UInt64) {
        let place = take(10)
        var rest = value
        var size = 0
        while rest >= 0x80 {
            place.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: size, as: UInt8.self)
            rest >>= 7
            size &+= 1
        }
        place.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: size, as: UInt8.self)
        count &-= 9 &- size
    }

    /// Appends a signed integer as a zigzag varint.
    @inlinable
    public mutating func signed(_ value: Int64) {
        varint(UInt64(bitPattern: (value &<< 1) ^ (value &>> 63)))
    }

    /// Appends eight bytes, most significant first.
    @inlinable
    public mutating func fixed64(_ value: UInt64) { take(8).storeBytes(of: value.bigEndian, as: UInt64.self) }

    /// Appends bytes as they are.
    @usableFromInline
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
        take(bytes.count).copyMemory(from: source, byteCount: bytes.count)
    }

    /// Appends a byte string with its length before it.
    public mutating func blob(_ value: [UInt8]) {
        varint(UInt64(value.count))
        value.withUnsafeBytes { append($0) }
    }

    /// Appends UTF-8 text with its length in bytes before it.
    public mutating func text(_ value: String) {
        let isDone: Void? = value.utf8.withContiguousStorageIfAvailable { utf8 in
            varint(UInt64(utf8.count))
            append(UnsafeRawBufferPointer(utf8))
        }
        // Text in another form than UTF-8, which Swift makes on other systems only.
        if isDone == nil { blob(Array(value.utf8)) }
    }

    /// Appends a record: its length in bytes, then its fields in order.
    @inlinable
    public mutating func record<R: Record>(_ value: R) { value.encode(to: &self) }

    /// What ``Record/encode(to:)`` does: it is called through the record, whose module has it specialised.
    @inlinable
    mutating func fields<R: Record>(of value: R) {
        // One length byte is reserved, and moved over in the rare record of 128 bytes and more.
        byte(0)
        let start = count
        withUnsafeMutablePointer(to: &self) { writer in
            var visitor = EncodingVisitor(writer: writer)
            var copy = value
            copy.fields(&visitor)
        }
        setLength(start)
    }

    /// Writes the length of the record that starts at a position into the byte before it.
    @usableFromInline
    mutating func setLength(_ start: Int) {
        let length = count &- start
        if length < 0x80 {
            base.storeBytes(of: UInt8(truncatingIfNeeded: length), toByteOffset: start &- 1, as: UInt8.self)
        } else {
            let more = (Int.bitWidth &- length.leadingZeroBitCount &+ 6) / 7 - 1
            _ = take(more)
            (base + start + more).copyMemory(from: base + start, byteCount: length)
            let end = count
            count = start &- 1
            longVarint(UInt64(length))
            count = end
        }
    }
}

/// Writes each field that a record lists.
public struct EncodingVisitor: FieldVisitor {
    @usableFromInline let writer: UnsafeMutablePointer<WireWriter>

    @inlinable
    init(writer: UnsafeMutablePointer<WireWriter>) { self.writer = writer }

    @inlinable
    public mutating func visit<T: FieldValue>(_ name: StaticString, _ value: inout T) {
        value.encode(to: &writer.pointee)
    }
}
