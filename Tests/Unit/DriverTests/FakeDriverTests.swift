import CommonTestKit
import NovaCore
import NovaModel
import Testing
import VirtDriver
import VirtFake

@Suite("Fake hypervisor")
struct FakeDriverTests {
    let folder: TemporaryFolder
    let context: VirtDriverContext

    init() throws {
        folder = try TemporaryFolder()
        context = VirtDriverContext(cloudID: .random(), hostID: .random(), instancesPath: folder.path)
    }

    private func instance(_ name: String = "vm") -> InstanceSpec {
        var spec = InstanceSpec()
        spec.id = .random()
        spec.name = name
        return spec
    }

    @Test("a server's life")
    func life() async throws {
        let driver = try FakeDriver(context)
        let spec = instance()
        let parts = InstanceParts(folder: "")
        try await driver.spawn(spec, parts: parts)
        try await driver.spawn(spec, parts: parts)
        #expect(try await driver.powerStates() == [spec.id: .running])
        try await driver.powerOff(spec.id, graceful: .seconds(1))
        #expect(try await driver.powerState(spec.id) == .shutdown)
        try await driver.reboot(spec, parts: parts, graceful: nil)
        #expect(try await driver.powerState(spec.id) == .running)
        #expect(try await driver.consoleText(spec.id, lines: 1) == "vm login: ")
        try await driver.destroy(spec.id)
        try await driver.destroy(spec.id)
        #expect(try await driver.powerState(spec.id) == nil)
        await #expect(throws: NovaError.self) { try await driver.powerOff(spec.id, graceful: nil) }
    }

    @Test("a new process finds the instances again, and only its own")
    func persistence() async throws {
        let spec = instance()
        do {
            let driver = try FakeDriver(context)
            try await driver.spawn(spec, parts: InstanceParts(folder: ""))
            try await driver.powerOff(spec.id, graceful: nil)
        }
        try folder.write("garbage", to: "_fake/\(ServerID.random())")
        #expect(try await FakeDriver(context).powerStates() == [spec.id: .shutdown])
        var other = context
        other.cloudID = .random()
        #expect(try await FakeDriver(other).powerStates() == [:])
    }

    @Test("events tell changes from outside")
    func events() async throws {
        let driver = try FakeDriver(context)
        let spec = instance()
        try await driver.spawn(spec, parts: InstanceParts(folder: ""))
        try driver.inject(.crashed, into: spec.id)
        await driver.close()
        var seen: [LifecycleEvent] = []
        for await event in driver.events { seen.append(event) }
        #expect(seen == [LifecycleEvent(spec.id, .running), LifecycleEvent(spec.id, .crashed)])
    }

    @Test("every n-th spawn fails when asked for")
    func failures() async throws {
        var options = FakeDriverOptions()
        options.failEvery = 2
        options.isPersistent = false
        let driver = try FakeDriver(context, options: options)
        try await driver.spawn(instance(), parts: InstanceParts(folder: ""))
        await #expect(throws: NovaError.self) {
            try await driver.spawn(instance(), parts: InstanceParts(folder: ""))
        }
        #expect(try await driver.powerStates().count == 1)
    }

    @Test("the claimed capacity")
    func capacity() async throws {
        let resources = try await FakeDriver(context).hostResources()
        #expect(resources.vcpus == 10_000)
        #expect(resources.memoryMB == 8 << 20)
        #expect(resources.diskGB == 1 << 20)
    }
}
