import CommonTestKit
import Logging
import NetworkDriver
import NetworkFake
import NovaCore
import NovaInterfaces
import NovaModel
import NovaProcess
import Synchronization
import Testing
import VirtDriver
import VirtFake

@testable import NovaCompute

@Suite("Actions on instances")
struct InstanceActionsTests {
    /// A compute host with a fake hypervisor.
    private struct Host {
        let folder: TemporaryFolder
        let driver: FakeDriver
        let plug: RecordingPlug
        let actions: InstanceActions
        let activity = InstanceActivity()
        let known = KnownPowerStates()
        let conductor = RecordingConductor()
        let sync: PowerStateSync

        init(_ options: FakeDriverOptions = FakeDriverOptions()) throws {
            let folder = try TemporaryFolder()
            let context = VirtDriverContext(cloudID: .random(), hostID: .random(), instancesPath: folder.path)
            let driver = try FakeDriver(context, options: options)
            let plug = RecordingPlug()
            let plugger = PortPlugger(plug)
            let log = Logger(label: "test")
            let fences = try FenceStore(
                folder: "\(folder.path)/_fences", durable: false, threads: WorkerThreads(name: "test", count: 1))
            let actions = InstanceActions(
                driver: driver, plugger: plugger, fences: fences, folders: nil, activity: activity, known: known,
                transfer: NoTransfer(), log: log)
            sync = PowerStateSync(
                host: "h1", driver: driver, conductor: conductor, actions: actions, folders: nil, plugger: plugger,
                fences: fences, activity: activity, known: known, interval: .seconds(60), resumesGuests: false,
                log: log)
            self.folder = folder
            self.driver = driver
            self.plug = plug
            self.actions = actions
        }
    }

    private func build(_ workflow: WorkflowID = .random(), epoch: Int64 = 1) -> ComputeBuild {
        var spec = InstanceSpec()
        spec.id = .random()
        spec.name = "vm"
        var port = PortBinding()
        port.portID = .random()
        spec.network = NetworkInfo([port])
        return ComputeBuild(Fence(workflow: workflow, step: 3, epoch: epoch), spec)
    }

    @Test("build, repeat, stop, start, console, destroy")
    func life() async throws {
        let host = try Host()
        let request = build()
        let id = request.instance.id
        #expect(try await host.actions.build(request).powerState == .running)
        #expect(try await host.actions.build(request).powerState == .running)
        #expect(host.plug.plugged == [request.instance.network.ports[0].portID])
        let stop = ComputePower(Fence(workflow: .random(), step: 1, epoch: 1), .stop, request.instance)
        #expect(try await host.actions.power(stop).powerState == .shutdown)
        let start = ComputePower(Fence(workflow: .random(), step: 1, epoch: 1), .start, request.instance)
        #expect(try await host.actions.power(start).powerState == .running)
        // The stop comes again after the start: it is answered, not done.
        #expect(try await host.actions.power(stop).powerState == .shutdown)
        #expect(try await host.driver.powerState(id) == .running)
        #expect(try await host.actions.console(ComputeConsoleOutput(id, lines: 1)).text == "vm login: ")
        let destroy = ComputeDestroy(
            Fence(workflow: .random(), step: 1, epoch: 1), id, request.instance.network)
        _ = try await host.actions.destroy(destroy)
        _ = try await host.actions.destroy(destroy)
        #expect(try await host.driver.powerStates().isEmpty)
        #expect(host.plug.plugged.isEmpty)
        // The first build was on its way for long: the server must not come back.
        await #expect { try await host.actions.build(request) } throws: { ($0 as? NovaError)?.code == .stale }
        #expect(try await host.driver.powerStates().isEmpty)
    }

    @Test("a failed build leaves nothing behind, and may be tried again")
    func failure() async throws {
        var options = FakeDriverOptions()
        options.failEvery = 1
        let host = try Host(options)
        let request = build()
        await #expect { try await host.actions.build(request) } throws: { ($0 as? NovaError)?.code == .hypervisor }
        #expect(try await host.driver.powerStates().isEmpty)
        #expect(host.plug.plugged.isEmpty)
        #expect(!host.activity.isBusy(request.instance.id))
    }

    @Test("a removal ends a build that runs")
    func cancelledBuild() async throws {
        var options = FakeDriverOptions()
        options.spawnDelay = .seconds(3600)
        let host = try Host(options)
        let request = build()
        let running = Task { try await host.actions.build(request) }
        try await until("the build's interface") { !host.plug.plugged.isEmpty }
        _ = try await host.actions.destroy(
            ComputeDestroy(
                Fence(workflow: .random(), step: 1, epoch: 1), request.instance.id, request.instance.network))
        await #expect { try await running.value } throws: { ($0 as? NovaError)?.code == .cancelled }
        #expect(host.plug.plugged.isEmpty)
    }

    @Test("a change from outside is reported once")
    func events() async throws {
        let host = try Host()
        let request = build()
        let id = request.instance.id
        _ = try await host.actions.build(request)
        await host.sync.look(at: id)
        #expect(host.conductor.reports.isEmpty)
        try host.driver.inject(.shutdown, into: id)
        await host.sync.look(at: id)
        await host.sync.look(at: id)
        #expect(host.conductor.reports.map(\.instances) == [[InstancePower(id, .shutdown)]])
    }

    @Test("a report that the conductor doubts is followed by what is so now, with the version that it named")
    func doubts() async throws {
        let host = try Host()
        let request = build()
        let id = request.instance.id
        _ = try await host.actions.build(request)
        let version = Timestamp(microseconds: 7)
        host.conductor.onReport.withLock { body in
            body = { report, answer in
                guard report.isComplete else { return }
                answer.doubted = [ServerVersion(id, version: version)]
                _ = try? host.driver.inject(.shutdown, into: id)
            }
        }
        _ = try await host.sync.fullSync(suspects: [])
        #expect(
            host.conductor.reports.map(\.instances) == [
                [InstancePower(id, .running)], [InstancePower(id, .shutdown, version: version)],
            ])
        await host.sync.look(at: id)
        #expect(host.conductor.reports.count == 2)
    }

    @Test("only an instance that two reports in a row found unknown is removed")
    func orphans() async throws {
        let host = try Host()
        let kept = build()
        let orphan = build()
        _ = try await host.actions.build(kept)
        _ = try await host.actions.build(orphan)
        host.conductor.unknown.withLock { $0 = [orphan.instance.id] }
        let suspects = try await host.sync.fullSync(suspects: [])
        #expect(suspects == [orphan.instance.id])
        #expect(try await host.driver.powerStates().count == 2)
        _ = try await host.sync.fullSync(suspects: suspects)
        #expect(try await host.driver.powerStates() == [kept.instance.id: .running])
        let complete = host.conductor.reports.map(\.isComplete)
        #expect(complete == [true, true])
        // Ports of recent builds are safe, whatever the conductor's answer.
        #expect(host.plug.plugged.count == 2)
    }

    @Test("taps that no server needs go, unless there is an instance whose ports nobody knows")
    func taps() async throws {
        let host = try Host()
        var port = PortBinding()
        port.portID = .random()
        _ = try await host.plug.plug(port, serverID: .random())
        host.conductor.hasStrangers.withLock { $0 = true }
        _ = try await host.sync.fullSync(suspects: [])
        #expect(host.plug.plugged == [port.portID])
        host.conductor.hasStrangers.withLock { $0 = false }
        _ = try await host.sync.fullSync(suspects: [])
        #expect(host.plug.plugged.isEmpty)
    }

    @Test("a thousand builds and removals are quick")
    func speed() async throws {
        let host = try Host()
        let started = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<1000 {
                let request = build()
                group.addTask {
                    _ = try await host.actions.build(request)
                    _ = try await host.actions.destroy(
                        ComputeDestroy(
                            Fence(workflow: .random(), step: 1, epoch: 1), request.instance.id,
                            request.instance.network))
                }
            }
            try await group.waitForAll()
        }
        // 60 a second is the least; a busy machine gets some room.
        #expect(started.duration(to: .now) < .seconds(20))
    }
}

/// A host plug that remembers what is plugged.
private final class RecordingPlug: HostPlug {
    private let ports = Mutex<[PortID]>([])
    var plugged: [PortID] { ports.withLock { $0 } }

    func plug(_ port: PortBinding, serverID: ServerID) async throws -> String {
        ports.withLock { if !$0.contains(port.portID) { $0.append(port.portID) } }
        return try await prepare(port)
    }

    func prepare(_ port: PortBinding) async throws -> String { "nt\(port.portID.uuid.hex.prefix(11))" }

    func unplug(_ port: PortBinding, serverID: ServerID) async throws {
        ports.withLock { $0.removeAll { $0 == port.portID } }
    }

    func sweep(keeping kept: Set<PortID>) async throws -> [String] {
        ports.withLock { $0.removeAll { !kept.contains($0) } }
        return []
    }
}

/// A conductor that takes everything.
private final class RecordingConductor: ConductorLink {
    func report(_ migration: MigrationReport) async throws -> MigrationReport.Response { MigrationReport.Response() }

    let unknown = Mutex<[ServerID]>([])
    let hasStrangers = Mutex(false)
    /// What else happens when a report comes.
    let onReport = Mutex<@Sendable (PowerReport, inout PowerReport.Response) -> Void>({ _, _ in })
    private let taken = Mutex<[PowerReport]>([])
    var reports: [PowerReport] { taken.withLock { $0 } }

    func report(_ resources: HostResources) async throws {}

    func report(_ power: PowerReport) async throws -> PowerReport.Response {
        taken.withLock { $0.append(power) }
        var answer = PowerReport.Response()
        answer.unknown = unknown.withLock { $0 }
        answer.hasStrangers = hasStrangers.withLock { $0 }
        onReport.withLock { $0 }(power, &answer)
        return answer
    }
}
