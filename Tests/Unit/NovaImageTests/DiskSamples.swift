/// Headers of disk files as their formats' documents describe them, to be damaged by tests.
enum DiskSamples {
    static func put(_ value: UInt64, _ count: Int, big: Bool, at place: Int, in bytes: inout [UInt8]) {
        for index in 0..<count {
            let shift = UInt64(8 * (big ? count - 1 - index : index))
            bytes[place + index] = UInt8(truncatingIfNeeded: value >> shift)
        }
    }

    static func put(_ text: String, at place: Int, in bytes: inout [UInt8]) {
        for (index, byte) in text.utf8.enumerated() { bytes[place + index] = byte }
    }

    static func qcow2(size: UInt64 = 1 << 30, change: (inout [UInt8]) -> Void = { _ in }) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 262_144)
        bytes.replaceSubrange(0..<4, with: [0x51, 0x46, 0x49, 0xFB])
        put(3, 4, big: true, at: 4, in: &bytes)
        put(16, 4, big: true, at: 20, in: &bytes)
        put(size, 8, big: true, at: 24, in: &bytes)
        put((size + (1 << 29) - 1) >> 29, 4, big: true, at: 36, in: &bytes)
        put(3 << 16, 8, big: true, at: 40, in: &bytes)
        put(1 << 16, 8, big: true, at: 48, in: &bytes)
        put(1, 4, big: true, at: 56, in: &bytes)
        put(4, 4, big: true, at: 96, in: &bytes)
        put(104, 4, big: true, at: 100, in: &bytes)
        change(&bytes)
        return bytes
    }

    static func vmdk(
        _ type: String = "monolithicSparse", extent: String = "RW 2048 SPARSE \"disk.vmdk\"", more: String = "",
        change: (inout [UInt8]) -> Void = { _ in }
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        put("KDMV", at: 0, in: &bytes)
        put(1, 4, big: false, at: 4, in: &bytes)
        put(2048, 8, big: false, at: 12, in: &bytes)
        put(128, 8, big: false, at: 20, in: &bytes)
        put(1, 8, big: false, at: 28, in: &bytes)
        put(20, 8, big: false, at: 36, in: &bytes)
        put(26, 8, big: false, at: 56, in: &bytes)
        put(
            "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\ncreateType=\"\(type)\"\n\(extent)\n\(more)"
                + "\n#DDB\n\nddb.adapterType = \"ide\"\n", at: 512, in: &bytes)
        change(&bytes)
        return bytes
    }

    static func vdi(kind: UInt64 = 1) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 4096)
        put("<<< Oracle VM VirtualBox Disk Image >>>", at: 0, in: &bytes)
        put(0xBEDA_107F, 4, big: false, at: 0x40, in: &bytes)
        put(kind, 4, big: false, at: 0x4C, in: &bytes)
        put(1 << 20, 8, big: false, at: 0x170, in: &bytes)
        return bytes
    }

    static func vhd(kind: UInt64 = 3, atEnd: Bool = false) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1024 + (1 << 20))
        let place = atEnd ? bytes.count - 512 : 0
        put("conectix", at: place, in: &bytes)
        put(1 << 20, 8, big: true, at: place + 48, in: &bytes)
        put(kind, 4, big: true, at: place + 60, in: &bytes)
        return bytes
    }

    static func vhdx(hasParent: Bool = false) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        put("vhdxfile", at: 0, in: &bytes)
        put("regi", at: 196_608, in: &bytes)
        put(1, 4, big: false, at: 196_616, in: &bytes)
        let region: [UInt8] = [
            0x06, 0xA2, 0x7C, 0x8B, 0x90, 0x47, 0x9A, 0x4B, 0xB8, 0xFE, 0x57, 0x5F, 0x05, 0x0F, 0x88, 0x6E,
        ]
        bytes.replaceSubrange(196_624..<196_640, with: region)
        put(524_288, 8, big: false, at: 196_640, in: &bytes)
        put("metadata", at: 524_288, in: &bytes)
        put(2, 2, big: false, at: 524_298, in: &bytes)
        let parameters: [UInt8] = [
            0x37, 0x67, 0xA1, 0xCA, 0x36, 0xFA, 0x43, 0x4D, 0xB3, 0xB6, 0x33, 0xF0, 0xAA, 0x44, 0xE7, 0x6B,
        ]
        let size: [UInt8] = [
            0x24, 0x42, 0xA5, 0x2F, 0x1B, 0xCD, 0x76, 0x48, 0xB2, 0x11, 0x5D, 0xBE, 0xD8, 0x3B, 0xF4, 0xB8,
        ]
        bytes.replaceSubrange(524_320..<524_336, with: parameters)
        put(65_536, 4, big: false, at: 524_336, in: &bytes)
        bytes.replaceSubrange(524_352..<524_368, with: size)
        put(65_544, 4, big: false, at: 524_368, in: &bytes)
        put(hasParent ? 2 : 0, 4, big: false, at: 524_288 + 65_536 + 4, in: &bytes)
        put(1 << 20, 8, big: false, at: 524_288 + 65_544, in: &bytes)
        return bytes
    }

    static func iso() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        bytes[32_768] = 1
        put("CD001", at: 32_769, in: &bytes)
        return bytes
    }
}
