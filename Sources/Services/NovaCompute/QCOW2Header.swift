import NovaCore

/// The beginning of a QCOW2 file, as far as we need it.
enum QCOW2Header {
    /// Enough bytes of a file's beginning for the name of the file that it lies over, as `qemu-img create` writes it.
    static let length = 4096

    /// The name of the file that a disk lies over; nil when it is no QCOW2 file or lies over none.
    ///
    /// - Throws: ``NovaError`` `internal` when it lies over a file whose name is not to be found.
    static func backingFile(_ bytes: [UInt8]) throws -> String? {
        guard bytes.starts(with: [0x51, 0x46, 0x49, 0xFB]) else { return nil }
        guard bytes.count >= 20 else { throw unreadable }
        let offset = bytes[8..<16].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let count = bytes[16..<20].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        if offset == 0 { return nil }
        guard count > 0, count <= 1023, offset >= 20, offset <= UInt64(bytes.count),
            UInt64(bytes.count) - offset >= count
        else { throw unreadable }
        let start = Int(offset)
        let name = String(decoding: bytes[start..<start + Int(count)], as: UTF8.self)
        // A description in JSON hides the name, and we write none.
        guard !name.hasPrefix("json:") else { throw unreadable }
        return name
    }

    /// The bytes that a guest sees of a disk.
    ///
    /// - Throws: ``NovaError`` `internal` when it is no QCOW2 file.
    static func virtualSize(_ bytes: [UInt8]) throws -> Int64 {
        guard bytes.starts(with: [0x51, 0x46, 0x49, 0xFB]), bytes.count >= 32 else {
            throw NovaError(.internal, "The disk is no QCOW2 file.")
        }
        return Int64(clamping: bytes[24..<32].reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    private static var unreadable: NovaError {
        NovaError(.internal, "It is not to be seen which file the disk lies over.")
    }
}
