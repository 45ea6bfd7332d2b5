/// The header of a VDI file (VirtualBox).
struct VDIFile {
    private let file: UntrustedFile

    init(_ file: UntrustedFile) { self.file = file }

    /// Bytes of the disk.
    ///
    /// - Throws: ``NovaError`` `unsupportedMedia` when it is damaged or needs a parent.
    func virtualSize() throws -> UInt64 {
        let head = try file.bytes(at: 0, count: 512)
        guard let kind = head.little(4, at: 0x4C), let size = head.little(8, at: 0x170) else {
            throw DiskInspector.refusal("its vdi header is not whole")
        }
        // 1 grows, 2 has a fixed size; undo and difference files need the disk that they change.
        guard kind == 1 || kind == 2 else { throw DiskInspector.refusal("its vdi needs a parent") }
        return size
    }
}

/// The footer of a VHD file (Virtual PC, Hyper-V); files that grow have a copy of it at their beginning.
struct VHDFile {
    private let file: UntrustedFile

    init(_ file: UntrustedFile) { self.file = file }

    /// Bytes of the disk.
    ///
    /// - Throws: ``NovaError`` `unsupportedMedia` when it is none, is damaged or needs a parent.
    func virtualSize() throws -> UInt64 {
        var footer = try file.bytes(at: 0, count: 512)
        if !footer.starts(with: "conectix") { footer = try file.end(512) }
        guard footer.starts(with: "conectix") else { throw DiskInspector.refusal("it says vhd, but its data is none") }
        guard let size = footer.big(8, at: 48), let kind = footer.big(4, at: 60) else {
            throw DiskInspector.refusal("its vhd footer is not whole")
        }
        switch kind {
        case 2:
            // What follows the disk is the footer; more would be read by nobody, less is cut off.
            guard size <= UInt64(max(0, file.size - 512)) else { throw DiskInspector.refusal("its vhd is cut off") }
        case 3: break
        case 4: throw DiskInspector.refusal("its vhd needs a parent")
        default: throw DiskInspector.refusal("its vhd footer cannot be")
        }
        return size
    }
}

/// The tables of a VHDX file (Hyper-V).
struct VHDXFile {
    private static let metadataRegion: [UInt8] = [
        0x06, 0xA2, 0x7C, 0x8B, 0x90, 0x47, 0x9A, 0x4B, 0xB8, 0xFE, 0x57, 0x5F, 0x05, 0x0F, 0x88, 0x6E,
    ]
    private static let diskSize: [UInt8] = [
        0x24, 0x42, 0xA5, 0x2F, 0x1B, 0xCD, 0x76, 0x48, 0xB2, 0x11, 0x5D, 0xBE, 0xD8, 0x3B, 0xF4, 0xB8,
    ]
    private static let parameters: [UInt8] = [
        0x37, 0x67, 0xA1, 0xCA, 0x36, 0xFA, 0x43, 0x4D, 0xB3, 0xB6, 0x33, 0xF0, 0xAA, 0x44, 0xE7, 0x6B,
    ]
    private let file: UntrustedFile

    init(_ file: UntrustedFile) { self.file = file }

    /// Bytes of the disk.
    ///
    /// - Throws: ``NovaError`` `unsupportedMedia` when it is damaged or needs a parent.
    func virtualSize() throws -> UInt64 {
        let regions = try file.bytes(at: 192 << 10, count: 64 << 10)
        guard regions.starts(with: "regi"), let start = entry(of: regions, Self.metadataRegion, from: 16, count: 8),
            let offset = regions.little(8, at: start + 16)
        else { throw DiskInspector.refusal("its vhdx has no metadata") }
        let table = try file.bytes(at: offset, count: 64 << 10)
        guard table.starts(with: "metadata") else { throw DiskInspector.refusal("its vhdx has no metadata") }
        if let parameters = try item(table, Self.parameters, offset, count: 8)?.little(4, at: 4), parameters & 2 != 0 {
            throw DiskInspector.refusal("its vhdx needs a parent")
        }
        guard let size = try item(table, Self.diskSize, offset, count: 8)?.little(8, at: 0) else {
            throw DiskInspector.refusal("its vhdx has no size")
        }
        return size
    }

    /// Where in a table of 32-byte entries the one of a kind is; their number is in the table's head.
    private func entry(of table: UntrustedBytes, _ kind: [UInt8], from first: Int, count place: Int) -> Int? {
        guard let count = table.little(place == 8 ? 4 : 2, at: place), count < 2048 else { return nil }
        return (0..<Int(count)).lazy.map { first + $0 * 32 }.first { table.starts(with: kind, at: $0) }
    }

    private func item(_ table: UntrustedBytes, _ kind: [UInt8], _ region: UInt64, count: Int) throws -> UntrustedBytes?
    {
        guard let place = entry(of: table, kind, from: 32, count: 10), let offset = table.little(4, at: place + 16),
            case let (sum, isOver) = region.addingReportingOverflow(offset), !isOver
        else { return nil }
        return try file.bytes(at: sum, count: count)
    }
}
