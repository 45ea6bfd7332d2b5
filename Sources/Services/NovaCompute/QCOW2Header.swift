/// The beginning of a QCOW2 file, as far as we need it.
enum QCOW2Header {
    /// Enough bytes of a file's beginning for the name of the file that it lies over, as `qemu-img create` writes it.
    static let length = 4096

    /// The name of the file that a disk lies over; nil when it is no QCOW2 file or lies over none.
    static func backingFile(_ bytes: [UInt8]) -> String? {
        guard bytes.count >= 20, bytes.starts(with: [0x51, 0x46, 0x49, 0xFB]) else { return nil }
        let offset = bytes[8..<16].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let count = bytes[16..<20].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard count > 0, count <= 1023, offset >= 20, offset <= UInt64(bytes.count),
            UInt64(bytes.count) - offset >= count
        else { return nil }
        let start = Int(offset)
        return String(decoding: bytes[start..<start + Int(count)], as: UTF8.self)
    }
}
