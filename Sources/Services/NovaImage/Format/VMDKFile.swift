/// The header and the descriptor of a VMDK file.
///
/// Only those that are one file pass: the descriptor of others names the files that hold the disk, of any path.
struct VMDKFile {
    private static let footerFollows = UInt64.max
    private static let oneFile: Set<Substring> = ["monolithicsparse", "streamoptimized"]

    private let file: UntrustedFile

    init(_ file: UntrustedFile) { self.file = file }

    /// Bytes of the disk.
    ///
    /// - Throws: ``NovaError`` `unsupportedMedia` when it is damaged or names other files.
    func virtualSize() throws -> UInt64 {
        let head = try file.bytes(at: 0, count: 512)
        guard head.starts(with: "KDMV") else {
            throw DiskInspector.refusal("its vmdk is a description of other files")
        }
        guard let header = Header(head, at: 0), (1...3).contains(header.version) else {
            throw DiskInspector.refusal("its vmdk header cannot be")
        }
        // QEMU looks for the descriptor there, in at most 1 MiB; what lies elsewhere might be read by others only.
        guard header.descriptorSector == 1, (1...2047).contains(header.descriptorSectors) else {
            throw DiskInspector.refusal("its vmdk descriptor is at an unusual place")
        }
        if header.directory == Self.footerFollows { try checkFooter(header) }
        try checkDescriptor(try file.bytes(at: 512, count: Int(header.descriptorSectors) * 512))
        let (size, isOver) = header.sectors.multipliedReportingOverflow(by: 512)
        guard !isOver else { throw DiskInspector.refusal("its vmdk header cannot be") }
        return size
    }

    private struct Header: Equatable {
        let version, sectors, descriptorSector, descriptorSectors, directory: UInt64

        init?(_ bytes: UntrustedBytes, at offset: Int) {
            guard bytes.starts(with: "KDMV", at: offset), let version = bytes.little(4, at: offset + 4),
                let sectors = bytes.little(8, at: offset + 12), let start = bytes.little(8, at: offset + 28),
                let count = bytes.little(8, at: offset + 36), let directory = bytes.little(8, at: offset + 56)
            else { return nil }
            self.version = version
            self.sectors = sectors
            descriptorSector = start
            descriptorSectors = count
            self.directory = directory
        }
    }

    /// A streamed file ends with a copy of its header that counts instead of the first: both must name one descriptor.
    private func checkFooter(_ header: Header) throws {
        let end = try file.end(1536)
        guard let footer = Header(end, at: 512), footer.version == header.version, footer.sectors == header.sectors,
            footer.descriptorSector == header.descriptorSector,
            footer.descriptorSectors == header.descriptorSectors, footer.directory != Self.footerFollows
        else { throw DiskInspector.refusal("the end of its vmdk does not agree with its beginning") }
        let isMarked = end.little(4, at: 8) == 0 && end.little(4, at: 12) == 3
        let isEnd = end.slice(at: 1024, count: 512)?.allSatisfy { $0 == 0 } ?? false
        guard isMarked, isEnd else { throw DiskInspector.refusal("its vmdk does not end properly") }
    }

    private func checkDescriptor(_ bytes: UntrustedBytes) throws {
        let text = bytes.bytes.prefix { $0 != 0 }
        guard text.allSatisfy({ $0 < 128 && ($0 >= 32 || $0 == 9 || $0 == 10 || $0 == 13) }) else {
            throw DiskInspector.refusal("its vmdk descriptor is no text")
        }
        var type: Substring?
        var extents = 0
        for line in String(decoding: text, as: UTF8.self).lowercased().split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            if ["rw", "rdonly", "noaccess"].contains(first) {
                extents += 1
                guard !line.contains("/"), !line.contains("\\"), !line.contains("..") else {
                    throw DiskInspector.refusal("its vmdk names another file")
                }
                continue
            }
            let sides = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2 else { throw DiskInspector.refusal("its vmdk descriptor cannot be read") }
            let name = sides[0].trimming
            let value = sides[1].trimming.drop { $0 == "\"" }.prefix { $0 != "\"" }
            guard !name.contains(" ") else { throw DiskInspector.refusal("its vmdk descriptor cannot be read") }
            if name == "createtype" {
                guard type == nil else { throw DiskInspector.refusal("its vmdk descriptor cannot be read") }
                type = value
            }
            if name == "parentfilenamehint" || (name == "parentcid" && value != "ffffffff") {
                throw DiskInspector.refusal("its vmdk needs a parent")
            }
        }
        guard let type, Self.oneFile.contains(type) else {
            throw DiskInspector.refusal("its vmdk is of a kind that lies in other files")
        }
        guard extents == 1 else { throw DiskInspector.refusal("its vmdk does not lie in one file") }
    }
}

extension Substring {
    fileprivate var trimming: Substring {
        var text = drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
