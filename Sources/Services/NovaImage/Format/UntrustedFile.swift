import NovaCore

/// A stored file whose bytes nobody has checked: reads are bounded, and what lies outside is missing, never a trap.
struct UntrustedFile {
    /// The most bytes that one read gives.
    static let readLimit = 1 << 20

    let size: Int64
    private let read: (Int64, Int) throws -> [UInt8]

    /// An open file of the store.
    init(_ file: ImageFile) throws {
        size = try file.size()
        read = { try file.bytes(at: $0, count: $1) }
    }

    /// Bytes in memory, for tests.
    init(bytes: [UInt8]) {
        size = Int64(bytes.count)
        read = { offset, count in Array(bytes.dropFirst(Int(offset)).prefix(count)) }
    }

    /// Up to `count` bytes from an offset on: fewer at the end of the file, none outside.
    func bytes(at offset: UInt64, count: Int) throws -> UntrustedBytes {
        guard let place = Int64(exactly: offset), place < size, count > 0 else { return UntrustedBytes([]) }
        let most = min(Int64(min(count, Self.readLimit)), size - place)
        return UntrustedBytes(try read(place, Int(most)))
    }

    /// The last bytes of the file.
    func end(_ count: Int) throws -> UntrustedBytes {
        try bytes(at: UInt64(max(0, size - Int64(count))), count: count)
    }
}

/// Some bytes of an unchecked file; numbers that are not whole in them are nil.
struct UntrustedBytes {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func starts(with magic: StaticString, at offset: Int = 0) -> Bool {
        let wanted = UnsafeBufferPointer(start: magic.utf8Start, count: magic.utf8CodeUnitCount)
        return bytes.dropFirst(offset).starts(with: wanted)
    }

    func starts(with magic: [UInt8], at offset: Int = 0) -> Bool { bytes.dropFirst(offset).starts(with: magic) }

    func big(_ count: Int, at offset: Int) -> UInt64? {
        slice(at: offset, count: count)?.reduce(0) { $0 << 8 | UInt64($1) }
    }

    func little(_ count: Int, at offset: Int) -> UInt64? {
        slice(at: offset, count: count)?.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    func slice(at offset: Int, count: Int) -> ArraySlice<UInt8>? {
        guard offset >= 0, count >= 0, offset <= bytes.count, bytes.count - offset >= count else { return nil }
        return bytes[offset..<offset + count]
    }
}
