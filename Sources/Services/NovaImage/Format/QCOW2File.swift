/// The header of a QCOW2 file, as `docs/interop/qcow2` of QEMU describes it.
struct QCOW2File {
    private static let dataFileBit: UInt64 = 1 << 2
    /// Dirty, corrupt, data file, compression type, extended level 2 tables.
    private static let knownFeatures: UInt64 = 0b1_1111
    private static let dataFileName: UInt64 = 0x4441_5441
    private static let backingFormat: UInt64 = 0xE279_2ACA

    private let file: UntrustedFile

    init(_ file: UntrustedFile) { self.file = file }

    /// Bytes of the disk.
    ///
    /// - Throws: ``NovaError`` `unsupportedMedia` when it is damaged or names other files.
    func virtualSize() throws -> UInt64 {
        let head = try file.bytes(at: 0, count: 112)
        guard let version = head.big(4, at: 4), let backing = head.big(8, at: 8), let clusterBits = head.big(4, at: 20),
            let size = head.big(8, at: 24), let crypt = head.big(4, at: 32), let tableSize = head.big(4, at: 36),
            let table = head.big(8, at: 40), let snapshots = head.big(4, at: 60)
        else { throw DiskInspector.refusal("its qcow2 header is not whole") }
        guard version == 2 || version == 3 else { throw DiskInspector.refusal("its qcow2 version is \(version)") }
        guard backing == 0 else { throw DiskInspector.refusal("its qcow2 needs a backing file") }
        guard crypt == 0 || crypt == 2 else { throw DiskInspector.refusal("its qcow2 has an outdated encryption") }
        guard (9...21).contains(clusterBits) else { throw DiskInspector.refusal("its qcow2 clusters cannot be") }
        guard snapshots <= 65_536 else { throw DiskInspector.refusal("its qcow2 has too many snapshots") }
        if version == 3 { try checkFeatures(head, clusterBits) }
        // A level 2 table has 2^(bits-3) entries of a cluster each; QEMU takes at most 32 MiB of level 1 table.
        let covered = UInt64(1) << (2 * clusterBits - 3)
        guard tableSize <= 4 << 20, table.isMultiple(of: 1 << clusterBits),
            tableSize == 0 || (table > 0 && table <= UInt64(file.size) && UInt64(file.size) - table >= tableSize * 8)
        else { throw DiskInspector.refusal("its qcow2 tables lie outside of the file") }
        let (reach, isOver) = tableSize.multipliedReportingOverflow(by: covered)
        guard isOver || size <= reach else {
            throw DiskInspector.refusal("its qcow2 tables are too small for its disk")
        }
        return size
    }

    private func checkFeatures(_ head: UntrustedBytes, _ clusterBits: UInt64) throws {
        guard let features = head.big(8, at: 72), let length = head.big(4, at: 100) else {
            throw DiskInspector.refusal("its qcow2 header is not whole")
        }
        guard features & Self.dataFileBit == 0 else { throw DiskInspector.refusal("its qcow2 needs a data file") }
        guard features & ~Self.knownFeatures == 0 else { throw DiskInspector.refusal("its qcow2 has unknown features") }
        guard features & 0b11 == 0 else { throw DiskInspector.refusal("its qcow2 was not closed properly") }
        guard (104...4096).contains(length) else { throw DiskInspector.refusal("its qcow2 header cannot be") }
        // Extensions of the header fill the rest of the first cluster: type, length, data padded to 8 bytes.
        let cluster = try file.bytes(at: 0, count: min(1 << Int(clusterBits), UntrustedFile.readLimit))
        var place = Int(length)
        while let type = cluster.big(4, at: place), let count = cluster.big(4, at: place + 4), type != 0 {
            guard type != Self.dataFileName else { throw DiskInspector.refusal("its qcow2 needs a data file") }
            guard type != Self.backingFormat else { throw DiskInspector.refusal("its qcow2 needs a backing file") }
            guard count <= UInt64(cluster.bytes.count) else {
                throw DiskInspector.refusal("its qcow2 header extensions are damaged")
            }
            place += 8 + (Int(count) + 7) / 8 * 8
        }
    }
}
