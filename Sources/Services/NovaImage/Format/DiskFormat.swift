/// What a file's bytes say that it is, whatever its owner says.
enum DiskFormat: String {
    /// None of the others: guests see the bytes as they are.
    case raw
    case qcow2
    case qed
    case vmdk
    case vhd
    case vhdx
    case vdi
    case iso
    case luks

    /// Looks for the signatures; a file with several is of the format that hypervisors look for first.
    init(of file: UntrustedFile) throws {
        let head = try file.bytes(at: 0, count: 512)
        if head.starts(with: [0x51, 0x46, 0x49, 0xFB]) {
            self = .qcow2
        } else if head.starts(with: [0x51, 0x45, 0x44, 0x00]) {
            self = .qed
        } else if head.starts(with: "KDMV") || head.starts(with: "COWD") || Self.isDescriptor(head) {
            self = .vmdk
        } else if head.starts(with: "vhdxfile") {
            self = .vhdx
        } else if head.starts(with: "conectix") {
            self = .vhd
        } else if head.starts(with: [0x7F, 0x10, 0xDA, 0xBE], at: 0x40) {
            self = .vdi
        } else if head.starts(with: [0x4C, 0x55, 0x4B, 0x53, 0xBA, 0xBE]) {
            self = .luks
        } else {
            let volume = try file.bytes(at: 32_768, count: 6)
            let isVolume = ["CD001", "NSR02", "NSR03"].contains { volume.starts(with: Array($0.utf8), at: 1) }
            self = isVolume ? .iso : .raw
        }
    }

    /// Whether it is a VMDK that is text alone; QEMU takes such from the first line that is no comment.
    private static func isDescriptor(_ head: UntrustedBytes) -> Bool {
        let text = String(decoding: head.bytes, as: UTF8.self).lowercased()
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.drop(while: \.isWhitespace)
            if words.hasPrefix("# disk descriptorfile") || words.hasPrefix("version=") { return true }
            guard words.isEmpty || words.hasPrefix("#") else { return false }
        }
        return false
    }
}
