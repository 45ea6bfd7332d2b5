/// What a snapshot of a fake instance holds: a disk of 1 MiB with nothing on it.
enum EmptyDisk {
    /// The smallest whole qcow2 file (version 2): the header, the table of reference counts, their only block, and a
    /// first-level table without entries, each in a cluster of 512 bytes.
    static let qcow2: [UInt8] = {
        let cluster = 512
        var bytes = [UInt8](repeating: 0, count: 4 * cluster)
        func put(_ value: UInt64, _ width: Int, at offset: Int) {
            for index in 0..<width {
                bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (width - 1 - index)))
            }
        }
        put(0x5146_49FB, 4, at: 0)  // "QFI" and 0xFB
        put(2, 4, at: 4)
        put(9, 4, at: 20)  // clusters of 2^9 bytes
        put(1 << 20, 8, at: 24)
        put(32, 4, at: 36)  // an entry of the first level stands for 32 KiB
        put(UInt64(3 * cluster), 8, at: 40)
        put(UInt64(cluster), 8, at: 48)
        put(1, 4, at: 56)
        put(UInt64(2 * cluster), 8, at: cluster)
        for index in 0..<4 { put(1, 2, at: 2 * cluster + 2 * index) }
        return bytes
    }()
}
