import CommonTestKit
import Glibc
import Logging
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

/// Pause, suspend, rescue, rebuild and snapshots on a host with a fake hypervisor.
@Suite("Actions on guests")
struct GuestActionsTests {
    private let folder: TemporaryFolder
    private let driver: FakeDriver
    private let actions: InstanceActions
    private let plug = FakeHostPlug()
    private let sink = RecordingSink()
    private let snapshots: SnapshotActions
    private let instance: InstanceSpec

    init() async throws {
        folder = try TemporaryFolder()
        let context = VirtDriverContext(cloudID: .random(), hostID: .random(), instancesPath: folder.path)
        driver = try FakeDriver(context)
        let threads = WorkerThreads(name: "test", count: 1)
        actions = InstanceActions(
            driver: driver, plugger: PortPlugger(plug),
            fences: try FenceStore(folder: "\(folder.path)/_fences", durable: false, threads: threads), folders: nil,
            activity: InstanceActivity(), known: KnownPowerStates(), transfer: NoTransfer(), log: Logger(label: "test"))
        snapshots = try SnapshotActions(actions, sink: sink, folder: "\(folder.path)/_snapshots")
        var spec = InstanceSpec()
        spec.id = .random()
        spec.name = "vm"
        instance = spec
        _ = try await actions.build(ComputeBuild(Self.fence(), spec))
    }

    private static func fence(_ workflow: WorkflowID = .random(), step: Int64 = 0) -> Fence {
        Fence(workflow: workflow, step: step, epoch: 1)
    }

    private func power(_ action: ComputePower.Action) async throws -> PowerState {
        try await actions.power(ComputePower(Self.fence(), action, instance)).powerState
    }

    @Test("pause, unpause, suspend, resume, each of them twice")
    func power() async throws {
        let expected: [(ComputePower.Action, PowerState)] = [
            (.pause, .paused), (.unpause, .running), (.suspend, .suspended), (.resume, .running),
            (.crashDump, .running),
        ]
        for (action, state) in expected {
            #expect(try await power(action) == state)
            #expect(try await power(action) == state)
        }
        _ = try await power(.pause)
        await #expect { _ = try await power(.suspend) } throws: { NovaError($0).code == .conflict }
    }

    @Test("a network device comes and goes, each of them twice; its tap with it")
    func interfaces() async throws {
        var port = PortBinding()
        port.portID = .random()
        for _ in 0..<2 {
            _ = try await actions.attachInterface(ComputeAttachInterface(Self.fence(), instance, port))
            #expect(try driver.interfaces(of: instance.id) == [port.portID])
            #expect(plug.plugged == [port.portID])
        }
        for _ in 0..<2 {
            _ = try await actions.detachInterface(ComputeDetachInterface(Self.fence(), instance, port))
            #expect(try driver.interfaces(of: instance.id) == [] && plug.plugged == [])
        }
        var stranger = instance
        stranger.id = .random()
        await #expect {
            _ = try await actions.attachInterface(ComputeAttachInterface(Self.fence(), stranger, port))
        } throws: { NovaError($0).code == .notFound }
        // Nothing is there to be taken away.
        _ = try await actions.detachInterface(ComputeDetachInterface(Self.fence(), stranger, port))
        #expect(plug.plugged == [])
    }

    @Test("rescue, unrescue and rebuild leave a guest that runs")
    func renew() async throws {
        #expect(try await actions.rescue(ComputeRescue(Self.fence(), instance)).powerState == .running)
        #expect(
            try await actions.unrescue(ComputeUnrescue(Self.fence(), instance, starts: true)).powerState == .running)
        #expect(
            try await actions.unrescue(ComputeUnrescue(Self.fence(), instance, starts: false)).powerState == .shutdown)
        #expect(try await actions.rebuild(ComputeRebuild(Self.fence(), instance)).powerState == .running)
    }

    @Test("a snapshot is taken once, sent once, and leaves no file")
    func snapshot() async throws {
        let workflow = WorkflowID.random()
        let image = ImageID.random()
        let take = ComputeSnapshot(Self.fence(workflow, step: 1), instance.id, image)
        _ = try await snapshots.take(take)
        #expect(HostFiles.names(in: snapshots.folder) == ["\(instance.id).\(image)"])
        var reference = ImageReference()
        reference.id = image
        let granted = GrantedImage(reference, grant: Secret("grant"))
        let upload = ComputeUploadSnapshot(Self.fence(workflow, step: 2), instance.id, granted)
        _ = try await snapshots.upload(upload)
        _ = try await snapshots.upload(upload)
        #expect(sink.uploads.withLock { $0 } == [image])
        #expect(HostFiles.names(in: snapshots.folder).isEmpty)
        // Another conductor repeats the step after the file has gone: the image has its data.
        let again = ComputeUploadSnapshot(Fence(workflow: workflow, step: 2, epoch: 2), instance.id, granted)
        _ = try await snapshots.upload(again)
        #expect(sink.uploads.withLock { $0 } == [image])
    }

    @Test("a snapshot that is given up leaves nothing, and cannot be sent")
    func discarded() async throws {
        let (workflow, image) = (WorkflowID.random(), ImageID.random())
        _ = try await snapshots.take(ComputeSnapshot(Self.fence(workflow, step: 1), instance.id, image))
        _ = try await snapshots.discard(ComputeDiscardSnapshot(Self.fence(workflow, step: 1), instance.id, image))
        #expect(HostFiles.names(in: snapshots.folder).isEmpty)
        var reference = ImageReference()
        reference.id = image
        let upload = ComputeUploadSnapshot(
            Self.fence(workflow, step: 2), instance.id, GrantedImage(reference, grant: Secret("grant")))
        await #expect { _ = try await snapshots.upload(upload) } throws: { NovaError($0).code == .notFound }
    }

    @Test(
        "what a fake guest's snapshot holds is a whole qcow2 file", .enabled(if: access("/usr/bin/qemu-img", X_OK) == 0)
    )
    func emptyDisk() async throws {
        _ = try await snapshots.take(ComputeSnapshot(Self.fence(), instance.id, .random()))
        let name = try #require(HostFiles.names(in: snapshots.folder).first)
        let path = "\(snapshots.folder)/\(name)"
        let info = try await DiskImage.inspect(path, expected: "qcow2", .shared)
        #expect(info.virtualSize == 1 << 20)
        try await CommandRunner.shared.run("qemu-img", ["check", "-q", path])
        // A server that is no longer here has no snapshots either.
        snapshots.forget(instance.id)
        #expect(HostFiles.names(in: snapshots.folder).isEmpty)
    }

    @Test("diagnostics and passwords")
    func guest() async throws {
        #expect(try await actions.diagnostics(ComputeDiagnostics(instance.id)).powerState == .running)
        _ = try await actions.setPassword(ComputeSetPassword(instance.id, Secret("secret")))
        await #expect { _ = try await actions.diagnostics(ComputeDiagnostics(.random())) } throws: {
            NovaError($0).code == .notFound
        }
    }
}

/// An image service that notes what it gets.
private final class RecordingSink: ImageSink {
    let uploads = Mutex<[ImageID]>([])

    func upload(_ path: String, as image: GrantedImage) async throws {
        uploads.withLock { $0.append(image.image.id) }
    }

    func isComplete(_ image: GrantedImage) async throws -> Bool {
        uploads.withLock { $0.contains(image.image.id) }
    }
}
