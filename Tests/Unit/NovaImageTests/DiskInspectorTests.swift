import Foundation
import NovaCore
import Testing

@testable import NovaImage

@Suite("Inspection of disk images", .timeLimit(.minutes(2)))
struct DiskInspectorTests {
    private static let limit: Int64 = 1 << 40
    private let inspector = DiskInspector(virtualSizeLimit: Self.limit)

    private func size(_ bytes: [UInt8], _ format: String, _ container: String = "bare") throws -> Int64? {
        try inspector.virtualSize(of: UntrustedFile(bytes: bytes), diskFormat: format, containerFormat: container)
    }

    private func refusal(_ bytes: [UInt8], _ format: String) -> String {
        do {
            return "taken as \(String(describing: try size(bytes, format)))"
        } catch {
            let error = NovaError(error)
            return error.code == .unsupportedMedia ? error.message : "\(error)"
        }
    }

    @Test("Good files have the size that guests see.")
    func good() throws {
        #expect(try size(DiskSamples.qcow2(), "qcow2") == 1 << 30)
        #expect(try size(DiskSamples.vmdk(), "vmdk") == 1 << 20)
        #expect(try size(DiskSamples.vmdk("streamOptimized"), "vmdk") == 1 << 20)
        #expect(try size(DiskSamples.vdi(), "vdi") == 1 << 20)
        #expect(try size(DiskSamples.vhd(), "vhd") == 1 << 20)
        #expect(try size(DiskSamples.vhd(kind: 2, atEnd: true), "vhd") == 1 << 20)
        #expect(try size(DiskSamples.vhdx(), "vhdx") == 1 << 20)
        #expect(try size(DiskSamples.iso(), "iso") == 65_536)
        #expect(try size(DiskSamples.iso(), "raw") == 65_536)
        #expect(try size([1, 2, 3], "raw") == 3)
        #expect(try size([], "raw") == 0)
        #expect(try size([0x1F, 0x8B], "aki", "aki") == 2)
        #expect(try size([1, 2, 3], "vmdk", "ova") == nil)
    }

    @Test(
        "What QEMU makes is taken, with the size that QEMU says.",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/qemu-img")),
        arguments: [
            ("qcow2", "qcow2", ""), ("qcow2", "qcow2", "-o compat=0.10"), ("qcow2", "qcow2", "-o cluster_size=4096"),
            ("qcow2", "qcow2", "-o extended_l2=on,cluster_size=131072"), ("vmdk", "vmdk", ""),
            ("vmdk", "vmdk", "-o subformat=streamOptimized"), ("vdi", "vdi", ""), ("vpc", "vhd", "-o force_size=on"),
            ("vpc", "vhd", "-o subformat=fixed,force_size=on"), ("vhdx", "vhdx", ""), ("raw", "raw", ""),
        ])
    func byQEMU(format: String, name: String, options: String) throws {
        let path = "/tmp/nova-disk-\(UUID128.random())"
        defer { _ = try? FileManager.default.removeItem(atPath: path) }
        let words = ["create", "-q", "-f", format] + options.split(separator: " ").map(String.init)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["qemu-img"] + words + [path, "64M"]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        let file = try UntrustedFile(try ImageFile.read(path))
        #expect(try inspector.virtualSize(of: file, diskFormat: name, containerFormat: "bare") == 64 << 20)
    }

    @Test("A qcow2 that names other files, or cannot be, is refused with the reason.")
    func hostileQCOW2() {
        func changed(_ value: UInt64, _ count: Int, at place: Int) -> [UInt8] {
            DiskSamples.qcow2 { DiskSamples.put(value, count, big: true, at: place, in: &$0) }
        }
        #expect(refusal(changed(512, 8, at: 8), "qcow2").contains("backing file"))
        #expect(refusal(changed(1 << 2, 8, at: 72), "qcow2").contains("data file"))
        #expect(refusal(changed(0x4441_5441, 4, at: 104), "qcow2").contains("data file"))
        #expect(refusal(changed(0xE279_2ACA, 4, at: 104), "qcow2").contains("backing file"))
        #expect(refusal(changed(1 << 9, 8, at: 72), "qcow2").contains("unknown features"))
        #expect(refusal(changed(1, 8, at: 72), "qcow2").contains("closed"))
        #expect(refusal(changed(1, 4, at: 4), "qcow2").contains("version"))
        #expect(refusal(changed(63, 4, at: 20), "qcow2").contains("clusters"))
        #expect(refusal(changed(.max, 4, at: 36), "qcow2").contains("tables"))
        #expect(refusal(changed(1 << 40, 8, at: 40), "qcow2").contains("tables"))
        #expect(refusal(changed(.max, 8, at: 24), "qcow2").contains("tables"))
        // Small on the wire, endless once it is unpacked.
        #expect(refusal(DiskSamples.qcow2(size: 1 << 42), "qcow2").contains("larger than the limit"))
        #expect(refusal(Array(DiskSamples.qcow2().prefix(64)), "qcow2").contains("not whole"))
    }

    @Test("A VMDK that names other files is refused with the reason.")
    func hostileVMDK() {
        let text = "# Disk DescriptorFile\nversion=1\ncreateType=\"monolithicFlat\"\nRW 2048 FLAT \"/etc/passwd\" 0\n"
        #expect(refusal(Array(text.utf8), "vmdk").contains("other files"))
        #expect(refusal(Array("# x\nversion=1\n".utf8), "vmdk").contains("other files"))
        #expect(refusal(DiskSamples.vmdk("monolithicFlat"), "vmdk").contains("kind"))
        #expect(refusal(DiskSamples.vmdk("vmfsSparse"), "vmdk").contains("kind"))
        #expect(
            refusal(DiskSamples.vmdk(extent: "RW 2048 FLAT \"/etc/passwd\" 0"), "vmdk").contains("names another file"))
        #expect(refusal(DiskSamples.vmdk(extent: "RW 1 SPARSE \"../x\""), "vmdk").contains("names another file"))
        #expect(refusal(DiskSamples.vmdk(more: "RW 1 SPARSE \"b\""), "vmdk").contains("one file"))
        #expect(refusal(DiskSamples.vmdk(extent: ""), "vmdk").contains("one file"))
        #expect(refusal(DiskSamples.vmdk(more: "parentFileNameHint=\"/etc/passwd\""), "vmdk").contains("parent"))
        #expect(refusal(DiskSamples.vmdk(more: "createType=\"monolithicFlat\""), "vmdk").contains("cannot be read"))
        #expect(refusal(DiskSamples.vmdk(more: "include something"), "vmdk").contains("cannot be read"))
        let footer = DiskSamples.vmdk { DiskSamples.put(.max, 8, big: false, at: 56, in: &$0) }
        #expect(refusal(footer, "vmdk").contains("does not agree"))
        let elsewhere = DiskSamples.vmdk { DiskSamples.put(5, 8, big: false, at: 28, in: &$0) }
        #expect(refusal(elsewhere, "vmdk").contains("unusual place"))
        let huge = DiskSamples.vmdk { DiskSamples.put(.max, 8, big: false, at: 12, in: &$0) }
        #expect(refusal(huge, "vmdk").contains("cannot be"))
    }

    @Test("Disks that need a parent, and data of another format than announced, are refused.")
    func others() {
        #expect(refusal(DiskSamples.vdi(kind: 4), "vdi").contains("parent"))
        #expect(refusal(DiskSamples.vhd(kind: 4), "vhd").contains("parent"))
        #expect(refusal(DiskSamples.vhdx(hasParent: true), "vhdx").contains("parent"))
        let samples = [
            "qcow2": DiskSamples.qcow2(), "vmdk": DiskSamples.vmdk(), "vdi": DiskSamples.vdi(),
            "vhd": DiskSamples.vhd(),
            "vhdx": DiskSamples.vhdx(), "qed": [0x51, 0x45, 0x44, 0x00] + [UInt8](repeating: 0, count: 600),
            "iso": DiskSamples.iso(), "text": Array("#\n version=1\n".utf8),
        ]
        for (name, bytes) in samples {
            for format in ["raw", "ami", "qcow2", "vmdk", "vdi", "vhd", "vhdx", "iso", "ploop"]
            where format != name && !(name == "iso" && format == "raw") {
                let message = refusal(bytes, format)
                let isRefused = message.hasPrefix("The image's data cannot be taken")
                #expect(isRefused, "\(name) as \(format): \(message)")
            }
        }
        // A qcow2 that is an ISO as well is what QEMU finds first.
        let both = DiskSamples.qcow2 { bytes in
            bytes.replaceSubrange(32_768..<32_774, with: [1] + Array("CD001".utf8))
        }
        #expect(refusal(both, "iso").contains("qcow2"))
    }

    @Test("No bytes make the inspection trap, whatever is changed in them.")
    func fuzz() {
        var random = SplitMix64(seed: 20_261_121)
        let samples = [
            DiskSamples.qcow2(), DiskSamples.vmdk(), DiskSamples.vdi(), Array(DiskSamples.vhd().prefix(4096)),
            DiskSamples.vhdx(), DiskSamples.iso(), Array("# Disk DescriptorFile\nversion=1\n".utf8),
        ]
        // Where headers and tables are; changes elsewhere would find nothing.
        let places = [0..<128, 0x40..<0x180, 512..<1100, 196_608..<196_700, 524_288..<524_400, 589_824..<589_850]
        let formats = ["raw", "qcow2", "vmdk", "vdi", "vhd", "vhdx", "iso"]
        let edges: [UInt8] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF]
        var taken = 0
        for round in 0..<6000 {
            var bytes = samples[Int(random.next() % UInt64(samples.count))]
            for _ in 0...Int(random.next() % 6) {
                let range = places[Int(random.next() % UInt64(places.count))]
                let place = range.lowerBound + Int(random.next() % UInt64(range.count))
                guard place < bytes.count else { continue }
                let run = min(Int(random.next() % 9), bytes.count - place)
                let value = round % 2 == 0 ? edges[Int(random.next() % 6)] : UInt8(truncatingIfNeeded: random.next())
                for index in 0..<run { bytes[place + index] = value }
            }
            if random.next() % 4 == 0 { bytes.removeLast(Int(random.next() % UInt64(bytes.count + 1))) }
            for format in formats {
                do {
                    let found = try size(bytes, format)
                    #expect(found.map { $0 >= 0 && $0 <= Self.limit } ?? true)
                    taken += 1
                } catch {
                    #expect(NovaError(error).code == .unsupportedMedia)
                }
            }
        }
        // Changes of what nobody reads leave the file good: the samples are not refused as such.
        #expect(taken > 1000)
    }
}
