import CommonTestKit
import Logging
import NovaCore
import NovaModel
import NovaXML
import Testing
import VirtDriver

@testable import VirtLibvirt

@Suite("libvirt")
struct LibvirtDriverTests {
    private let context = VirtDriverContext(
        cloudID: CloudID(UUID128(high: 0xABCD_EF01_0203_0405, low: 7)), hostID: ProviderID.random(),
        instancesPath: "/tmp")

    private func instance() -> InstanceSpec {
        var spec = InstanceSpec()
        spec.id = .random()
        spec.sequence = 42
        spec.name = "vm <&> \"é\""
        spec.flavor.memoryMB = 128
        spec.flavor.vcpus = 2
        return spec
    }

    private func document(_ spec: InstanceSpec, _ parts: InstanceParts, virtType: String = "qemu") -> XMLElement {
        var options = LibvirtOptions()
        options.virtType = virtType
        return DomainDocument(context: context, options: options, diskCache: "none", instance: spec, parts: parts)
            .element
    }

    private func parts() -> InstanceParts {
        var port = PortBinding()
        port.mac = "fa:16:3e:00:00:01"
        port.mtu = 1450
        return InstanceParts(
            folder: "/i",
            disks: [DiskFile(path: "/i/disk", format: .qcow2), DiskFile(path: "/i/disk.swap", format: .raw)],
            kernelPath: "/i/kernel", ramdiskPath: "/i/ramdisk", interfaces: [PluggedPort(port, tap: "nt0123")])
    }

    @Test("the domain's description")
    func structure() throws {
        let spec = instance()
        let root = try XMLReader.parse(document(spec, parts()).serialized())
        #expect(root[attribute: "type"] == "qemu")
        #expect(root.first("name")?.text == "instance-0000002a-abcdef")
        #expect(root.first("uuid")?.text == spec.id.description)
        #expect(root.first("memory")?.text == "128")
        #expect(root.first("vcpu")?.text == "2")
        #expect(root.at("os", "kernel")?.text == "/i/kernel")
        #expect(root.at("os", "initrd")?.text == "/i/ramdisk")
        #expect(root.at("os", "cmdline")?.text.contains("no_timer_check") == true)
        #expect(root.at("os", "type")?[attribute: "machine"] == "pc")
        #expect(root.at("cpu", "model")?.text == "qemu64")
        let devices = try #require(root.first("devices"))
        let disks = devices.all("disk")
        #expect(disks.compactMap { $0.first("target")?[attribute: "dev"] } == ["vda", "vdb"])
        #expect(disks.compactMap { $0.first("driver")?[attribute: "type"] } == ["qcow2", "raw"])
        let interface = try #require(devices.first("interface"))
        #expect(interface[attribute: "type"] == "ethernet")
        #expect(interface.first("target")?.attributes.map(\.value) == ["nt0123", "no"])
        #expect(interface.first("mtu")?[attribute: "size"] == "1450")
        #expect(devices.first("serial")?.first("log")?[attribute: "file"] == "/i/console.log")
    }

    @Test("the mark survives libvirt's reformatting, and foreign metadata is not ours")
    func mark() throws {
        let spec = instance()
        let element = try #require(document(spec, parts()).at("metadata", "instance"))
        let mark = try #require(DomainMark(element.serialized()))
        #expect(mark == DomainMark(context, serverID: spec.id, name: spec.name))
        #expect(mark.belongs(to: context))
        #expect(DomainMark("<instance/>") == nil)
        #expect(DomainMark("not xml") == nil)
    }

    @Test("no kernel: the guest boots from its disk")
    func diskBoot() {
        var parts = parts()
        parts.kernelPath = nil
        let root = document(instance(), parts)
        #expect(root.at("os", "kernel") == nil)
        #expect(root.at("os", "boot")?[attribute: "dev"] == "hd")
    }

    @Test("the end of a console log")
    func console() throws {
        let folder = try TemporaryFolder()
        try folder.write("one\ntwo\nthree\n", to: "console.log")
        let path = "\(folder.path)/console.log"
        #expect(ConsoleFile.tail([path], lines: 2) == "two\nthree\n")
        #expect(ConsoleFile.tail([path], lines: nil) == "one\ntwo\nthree\n")
        #expect(ConsoleFile.tail([path], lines: 0) == "")
        #expect(ConsoleFile.tail(["\(folder.path)/none"], lines: 2) == "")
        #expect(ConsoleFile.tail([path, path], lines: 4) == "three\none\ntwo\nthree\n")
        #expect(ConsoleFile.tail([path], lines: 3) == "one\ntwo\nthree\n")
        // As a terminal ends its lines; the last one has no end yet.
        try folder.write("one\r\ntwo\r\n\r\nlogin: ", to: "console.log")
        #expect(ConsoleFile.tail([path], lines: 1) == "login: ")
        #expect(ConsoleFile.tail([path], lines: 3) == "two\r\n\r\nlogin: ")
        #expect(ConsoleFile.tail([path], lines: 9) == "one\r\ntwo\r\n\r\nlogin: ")
    }

    @Test("a server's life on libvirt's own test hypervisor")
    func testHypervisor() async throws {
        var options = LibvirtOptions()
        options.uri = "test:///default"
        options.virtType = "test"
        let driver = LibvirtDriver(context, options: options, log: Logger(label: "test"))
        let resources = try await driver.hostResources()
        #expect(resources.vcpus > 0 && resources.memoryMB > 0)
        // The test hypervisor brings a domain of its own: it is not ours.
        #expect(try await driver.powerStates() == [:])

        let spec = instance()
        var parts = parts()
        parts.kernelPath = nil
        try await driver.spawn(spec, parts: parts)
        try await driver.spawn(spec, parts: parts)
        #expect(try await driver.powerStates() == [spec.id: .running])
        try await driver.powerOff(spec.id, graceful: .seconds(5))
        #expect(try await driver.powerState(spec.id) == .shutdown)
        try await driver.powerOn(spec, parts: parts)
        try await driver.reboot(spec, parts: parts, graceful: nil)
        #expect(try await driver.powerState(spec.id) == .running)

        // Another cloud does not see it, and must not touch it.
        var other = context
        other.cloudID = .random()
        let stranger = LibvirtDriver(other, options: options, log: Logger(label: "test"))
        #expect(try await stranger.powerState(spec.id) == nil)
        await stranger.close()

        try await driver.destroy(spec.id)
        try await driver.destroy(spec.id)
        #expect(try await driver.powerStates() == [:])
        await #expect {
            try await driver.powerOff(spec.id, graceful: nil)
        } throws: { ($0 as? NovaError)?.code == .notFound }
        await driver.close()
    }

    @Test("an unreachable libvirtd is an error that says where")
    func unreachable() async {
        var options = LibvirtOptions()
        options.uri = "qemu+unix:///system?socket=/nonexistent/socket"
        let driver = LibvirtDriver(context, options: options, log: Logger(label: "test"))
        await #expect {
            try await driver.powerStates()
        } throws: {
            ($0 as? NovaError)?.code == .unavailable && ($0 as? NovaError)?.details.contains("/nonexistent") == true
        }
        await driver.close()
    }
}
