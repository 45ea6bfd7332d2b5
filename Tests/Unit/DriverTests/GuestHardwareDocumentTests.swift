import CommonTestKit
import Glibc
import NovaCore
import NovaModel
import NovaXML
import Testing
import VirtDriver

@testable import NetworkLinux
@testable import VirtLibvirt

@Suite("Guest hardware in libvirt's words")
struct GuestHardwareDocumentTests {
    private func document(
        _ hardware: GuestHardware, disks: [DiskFile] = [DiskFile(path: "/i/disk", format: .qcow2)],
        change: (inout DomainDocument) -> Void = { _ in }
    ) throws -> XMLElement {
        var spec = InstanceSpec()
        spec.flavor.vcpus = 4
        spec.flavor.memoryMB = 512
        var port = PortBinding()
        port.mac = "fa:16:3e:00:00:01"
        let context = VirtDriverContext(cloudID: .random(), hostID: .random(), instancesPath: "/")
        var document = DomainDocument(
            context: context, options: LibvirtOptions(), diskCache: "none", instance: spec,
            parts: InstanceParts(folder: "/i", disks: disks, interfaces: [PluggedPort(port, tap: "nt0")]),
            hardware: hardware)
        change(&document)
        return try XMLReader.parse(document.element.serialized())
    }

    @Test func processorsAndMemory() throws {
        var hardware = GuestHardware()
        hardware.topology = .init(sockets: 1, cores: 2, threads: 2)
        hardware.cells = [
            .init(cpus: [0, 1], memoryMB: 256, hostCell: 1), .init(cpus: [2, 3], memoryMB: 256, hostCell: 0),
        ]
        hardware.pageKiB = 2048
        let root = try document(hardware) { document in
            document.hostCells = [.init(cpus: [0, 1, 2], memoryMB: 1), .init(cpus: [3, 4], memoryMB: 1)]
            document.sharedCPUs = [0, 1, 3]
        }
        #expect(root.at("cpu", "topology")?.attributes.map(\.value) == ["1", "2", "2"])
        let cells = root.at("cpu", "numa")?.all("cell")
        #expect(cells?.map { $0[attribute: "cpus"] } == ["0-1", "2-3"])
        #expect(cells?.map { $0[attribute: "memory"] } == ["256", "256"])
        #expect(root.at("memoryBacking", "hugepages", "page")?[attribute: "size"] == "2048")
        #expect(root.first("cputune")?.all("vcpupin").map { $0[attribute: "cpuset"] } == ["3", "3", "0-1", "0-1"])
        #expect(root.at("numatune", "memory")?[attribute: "nodeset"] == "0-1")
        #expect(root.first("numatune")?.all("memnode").map { $0[attribute: "nodeset"] } == ["1", "0"])
        #expect(root.first("vcpu")?[attribute: "cpuset"] == "0-1,3")
        // A host with one node has nothing to choose.
        let plain = try document(hardware) { $0.hostCells = [.init(cpus: [0, 1], memoryMB: 1)] }
        #expect(plain.first("numatune") == nil && plain.first("cputune") == nil)
        #expect(plain.first("vcpu")?[attribute: "cpuset"] == nil)
    }

    @Test func dedicatedProcessorsAreFoundAgain() throws {
        var hardware = GuestHardware()
        hardware.isDedicated = true
        let pins = CPUPins(cpus: [4, 6], held: [4, 5, 6, 7])
        let root = try document(hardware) { document in
            document.pins = pins
            document.sharedCPUs = [0]
        }
        #expect(root.first("vcpu")?[attribute: "cpuset"] == nil)
        #expect(root.at("cputune", "emulatorpin")?[attribute: "cpuset"] == "4-7")
        #expect(CPUPins(root) == pins)
        #expect(CPUPins(try document(GuestHardware())) == nil)
    }

    @Test func firmware() throws {
        var hardware = GuestHardware()
        hardware.isUEFI = true
        let plain = try document(hardware)
        #expect(plain.first("os")?[attribute: "firmware"] == "efi")
        #expect(plain.at("os", "nvram")?.text == "/i/firmware.vars")
        #expect(plain.at("os", "loader") == nil && plain.at("features", "smm") == nil)
        #expect(plain.at("devices", "video", "model")?[attribute: "type"] == "vga")
        hardware.hasSecureBoot = true
        hardware.machine = "q35"
        hardware.tpm = .init(version: "2.0", model: "tpm-crb")
        hardware.hasBootMenu = true
        let secure = try document(hardware)
        #expect(secure.at("os", "loader")?[attribute: "secure"] == "yes")
        #expect(
            secure.at("os", "firmware")?.all("feature").map { $0[attribute: "name"] } == [
                "secure-boot", "enrolled-keys",
            ])
        #expect(secure.at("features", "smm")?[attribute: "state"] == "on")
        #expect(secure.at("os", "type")?[attribute: "machine"] == "q35")
        #expect(secure.at("os", "bootmenu")?[attribute: "enable"] == "yes")
        let tpm = secure.at("devices", "tpm")
        #expect(tpm?[attribute: "model"] == "tpm-crb" && tpm?.first("backend")?[attribute: "version"] == "2.0")
    }

    @Test func devices() throws {
        var hardware = GuestHardware()
        hardware.watchdog = "poweroff"
        hardware.randomRate = .init(bytes: 100, period: 10)
        hardware.video = "vga"
        hardware.videoKiB = 8192
        hardware.interfaceModel = "e1000"
        hardware.queues = 2
        hardware.hasTablet = false
        hardware.serialPorts = 3
        hardware.hasAgent = true
        let devices = try #require(try document(hardware).first("devices"))
        #expect(devices.first("watchdog")?.attributes.map(\.value) == ["i6300esb", "poweroff"])
        #expect(devices.at("rng", "rate")?[attribute: "bytes"] == "100")
        #expect(devices.at("video", "model")?[attribute: "vram"] == "8192")
        #expect(devices.at("interface", "model")?[attribute: "type"] == "e1000")
        #expect(devices.at("interface", "driver")?[attribute: "queues"] == "2")
        #expect(devices.first("input") == nil && devices.first("channel") != nil)
        #expect(devices.all("serial").compactMap { $0.first("target")?[attribute: "port"] } == ["0", "1", "2"])
        #expect(devices.all("serial").count { $0.first("log") != nil } == 1)
        hardware.hasRandomSource = false
        #expect(try document(hardware).at("devices", "rng") == nil)
    }

    @Test func disksHaveTheNamesOfTheirBuses() throws {
        var hardware = GuestHardware()
        hardware.diskBus = "scsi"
        hardware.scsiModel = "lsilogic"
        var rescue = DiskFile(path: "/i/disk.rescue", format: .qcow2)
        (rescue.isCDROM, rescue.bootOrder) = (true, 1)
        var root = DiskFile(path: "/i/disk", format: .qcow2)
        root.bootOrder = 2
        var stick = DiskFile(path: "/i/x", format: .raw)
        stick.bus = "virtio"
        let domain = try document(hardware, disks: [root, DiskFile(path: "/i/disk.swap", format: .raw), rescue, stick])
        let disks = domain.first("devices")?.all("disk") ?? []
        #expect(disks.map { $0.first("target")?[attribute: "dev"] } == ["sda", "sdb", "hda", "vda"])
        #expect(disks.map { $0.first("boot")?[attribute: "order"] } == ["2", nil, "1", nil])
        #expect(disks.map { $0[attribute: "device"] } == ["disk", "disk", "cdrom", "disk"])
        #expect(disks[2].first("readonly") != nil && domain.at("os", "boot") == nil)
        #expect(domain.at("devices", "controller")?[attribute: "model"] == "lsilogic")
    }

    // MARK: The host

    private static let capabilities = """
        <capabilities><host><cpu><arch>x86_64</arch></cpu><topology><cells num='2'>
        <cell id='0'><memory unit='KiB'>2097152</memory><pages unit='KiB' size='4'>500</pages>
        <pages unit='KiB' size='2048'>64</pages><pages unit='KiB' size='1048576'>0</pages>
        <cpus num='2'><cpu id='0' siblings='0,2'/><cpu id='2' siblings='0,2'/></cpus></cell>
        <cell id='1'><memory unit='KiB'>1048576</memory><pages unit='KiB' size='2048'>16</pages>
        <cpus num='2'><cpu id='1' siblings='1'/><cpu id='3' siblings='3'/></cpus></cell></cells></topology></host>
        <guest><os_type>hvm</os_type><arch name='i686'><machine>none</machine></arch></guest>
        <guest><os_type>hvm</os_type><arch name='x86_64'><machine canonical='pc-i440fx-7.2'>pc</machine>
        <machine>q35</machine></arch></guest></capabilities>
        """

    private static func machine(_ firmware: String, _ tpm: String) -> String {
        """
        <domainCapabilities><os supported='yes'><enum name='firmware'>\(firmware)</enum><loader supported='yes'>
        <enum name='secure'><value>yes</value><value>no</value></enum></loader></os><devices>
        <disk supported='yes'><enum name='bus'><value>ide</value><value>virtio</value></enum></disk>
        <video supported='yes'><enum name='modelType'><value>vga</value></enum></video>\(tpm)</devices></domainCapabilities>
        """
    }

    @Test func whatLibvirtSaysOfItsHost() throws {
        let tpm = """
            <tpm supported='yes'><enum name='model'><value>tpm-tis</value></enum><enum name='backendModel'>
            <value>passthrough</value><value>emulator</value></enum>
            <enum name='backendVersion'><value>2.0</value></enum></tpm>
            """
        let description = try HostDescription(
            capabilities: Self.capabilities, machines: [Self.machine("<value>efi</value>", tpm)], machine: "pc",
            dedicated: [2, 3, 9])
        let abilities = description.abilities
        #expect(abilities.cells.map(\.cpus) == [[0, 2], [1, 3]] && abilities.cells.map(\.memoryMB) == [2048, 1024])
        #expect(abilities.pages == [2048: 80] && abilities.dedicatedCPUs == [2, 3])
        #expect(abilities.machines == ["pc", "pc-i440fx-7.2", "q35"])
        #expect(abilities.hasUEFI && abilities.hasSecureBoot)
        #expect(abilities.tpmModels == ["tpm-tis"] && abilities.tpmVersions == ["2.0"])
        #expect(abilities.videoModels == ["vga"] && abilities.diskBuses == ["ide", "virtio"])
        #expect(abilities.threadsPerCore == 2 && description.siblings == [[0, 2]])
    }

    @Test func withoutPackagesThereIsNoFirmwareAndNoTPM() throws {
        let tpm = """
            <tpm supported='yes'><enum name='model'><value>tpm-tis</value></enum><enum name='backendModel'>
            <value>passthrough</value></enum></tpm>
            """
        for text in [Self.machine("", tpm), Self.machine("", "<tpm supported='no'/>")] {
            let abilities = try HostDescription(
                capabilities: "<capabilities/>", machines: [text], machine: "pc", dedicated: []
            ).abilities
            #expect(!abilities.hasUEFI && !abilities.hasSecureBoot && abilities.tpmModels.isEmpty)
        }
    }

    // MARK: Dedicated CPUs

    @Test(
        arguments: [
            // Two cores of two threads, two of one.
            (2, .prefer, [2, 3, 0, 1, 8, 9], [0, 1], [0, 1]), (3, .prefer, [1, 2, 3, 8], [2, 3, 1], [1, 2, 3]),
            (1, .prefer, [9, 8], [8], [8]), (2, .isolate, [0, 1, 2, 3], [0, 2], [0, 1, 2, 3]),
            // A core of which another guest has a thread is not left to this one alone.
            (2, .isolate, [0, 1, 3], nil, nil), (3, .isolate, [0, 1, 3, 8, 9], [0, 8, 9], [0, 1, 8, 9]),
            (2, .require, [0, 2, 3, 8], [2, 3], [2, 3]), (3, .require, [0, 2, 3, 8], nil, nil),
            (2, .prefer, [1], nil, nil),
        ] as [(Int, GuestHardware.ThreadPolicy, Set<Int>, [Int]?, Set<Int>?)])
    func pins(_ row: (Int, GuestHardware.ThreadPolicy, Set<Int>, [Int]?, Set<Int>?)) {
        var hardware = GuestHardware()
        hardware.threadPolicy = row.1
        let pins = CPUPins.choose(row.0, for: hardware, free: row.2, siblings: [[0, 1], [2, 3]], cells: [])
        #expect(pins?.cpus == row.3 && pins?.held == row.4)
    }

    @Test func pinsOfANodeAreOfItsPlace() {
        var hardware = GuestHardware()
        hardware.cells = [.init(cpus: [0, 2], memoryMB: 1, hostCell: 1), .init(cpus: [1], memoryMB: 1, hostCell: 0)]
        let pins = CPUPins.choose(3, for: hardware, free: [0, 1, 2, 3], siblings: [], cells: [[0, 1], [2, 3]])
        #expect(pins?.cpus == [2, 0, 3])
        #expect(CPUPins.choose(3, for: hardware, free: [0, 1, 2], siblings: [], cells: [[0, 1], [2, 3]]) == nil)
    }

    // MARK: Consoles and taps

    @Test func aConsolesEndIsThereAfterItsFileWasBegunAnew() throws {
        let folder = try TemporaryFolder()
        let parts = InstanceParts(folder: folder.path)
        try folder.write("old\n", to: "console.before")
        try folder.write("full 1\nfull 2\n", to: "console.log.0")
        try folder.write("new\n", to: "console.log")
        #expect(ConsoleFile.tail(parts.consoleTailPaths, lines: 3) == "full 1\nfull 2\nnew\n")
        #expect(ConsoleFile.tail(parts.consoleTailPaths, lines: nil) == "old\nfull 1\nfull 2\nnew\n")
    }

    @Test func aConsoleThatNobodyBoundsGivesItsBeginningBack() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/console.log"
        let text = String(repeating: "0123456789abcde\n", count: 1 << 16)
        try folder.write(text + "the end\n", to: "console.log")
        var before = stat()
        #expect(stat(path, &before) == 0)
        #expect(ConsoleBound.excess(path, limit: 2 << 20, kept: 4096) == nil)
        #expect(ConsoleBound.excess("\(path).none") == nil)
        try await ConsoleBound.trim(path, limit: 256 << 10, kept: 64 << 10)
        var after = stat()
        #expect(stat(path, &after) == 0)
        #expect(after.st_size == before.st_size && after.st_blocks * 512 <= 128 << 10)
        #expect(ConsoleFile.tail([path], lines: 2) == "0123456789abcde\nthe end\n")
    }

    @Test func flagsOfTaps() {
        #expect(TapFlags.flags("0x1102\n") == 0x1102 && TapFlags.flags("x") == nil)
        #expect(TapFlags.hasQueues("lo") == nil && TapFlags.hasQueues("../x") == nil)
    }
}
