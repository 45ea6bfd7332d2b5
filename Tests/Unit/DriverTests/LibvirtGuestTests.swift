import CommonTestKit
import Glibc
import Logging
import NovaCore
import NovaModel
import NovaProcess
import Testing
import VirtDriver
import VirtLibvirt

/// With a real libvirtd and QEMU: set NOVA_TEST_LIBVIRT=1 on a machine that has both.
///
/// Where /dev/kvm is closed to the user that QEMU runs as, libvirtd asks QEMU for its abilities at each definition, and
/// this takes minutes.
@Suite("libvirt with QEMU", .enabled(if: getenv("NOVA_TEST_LIBVIRT") != nil, "set NOVA_TEST_LIBVIRT=1"), .serialized)
struct LibvirtGuestTests {
    @Test("a guest with a disk and a tap of ours", .timeLimit(.minutes(15)))
    func guest() async throws {
        let folder = try TemporaryFolder()
        let runner = CommandRunner.shared
        var spec = InstanceSpec()
        spec.id = .random()
        spec.sequence = Int64(getpid())
        spec.name = "guest"
        spec.flavor.memoryMB = 64
        spec.flavor.vcpus = 1
        let instanceFolder = "\(folder.path)/\(spec.id)"
        #expect(mkdir(instanceFolder, 0o755) == 0)
        try await runner.run("qemu-img", ["create", "-q", "-f", "qcow2", "\(instanceFolder)/disk", "64M"])
        let tap = "ntt\(getpid() % 100_000)"
        try await runner.run("ip", ["tuntap", "add", "dev", tap, "mode", "tap"])
        var port = PortBinding()
        port.mac = "fa:16:3e:00:00:01"
        let parts = InstanceParts(
            folder: instanceFolder, disks: [DiskFile(path: "\(instanceFolder)/disk", format: .qcow2)],
            interfaces: [PluggedPort(port, tap: tap)])
        let context = VirtDriverContext(cloudID: .random(), hostID: .random(), instancesPath: folder.path)
        let driver = LibvirtDriver(context, options: LibvirtOptions(), log: Logger(label: "test"))
        do {
            try await driver.spawn(spec, parts: parts)
            try await driver.spawn(spec, parts: parts)
            #expect(try await driver.powerStates() == [spec.id: .running])
            #expect(try await driver.hostResources().hypervisorVersion > 0)
            // There is no system to hear the power button: switched off once the time is over.
            try await driver.powerOff(spec.id, graceful: .milliseconds(500))
            #expect(try await driver.powerState(spec.id) == .shutdown)
            try await driver.powerOn(spec, parts: parts)
            try await driver.reboot(spec, parts: parts, graceful: nil)
            #expect(try await driver.powerState(spec.id) == .running)
            _ = try await driver.consoleText(spec.id, lines: 10)
        } catch {
            Issue.record(error)
        }
        try await driver.destroy(spec.id)
        #expect(try await driver.powerStates() == [:])
        // The tap is ours: it is still there.
        try await runner.run("ip", ["link", "del", tap])
        await driver.close()
        var states: Set<PowerState> = []
        for await event in driver.events where event.serverID == spec.id { states.insert(event.powerState) }
        #expect(states.contains(.running))
    }
}
