import Logging
import NetworkDriver
import NovaAuth
import NovaConfig
import NovaCore
import NovaHTTPClient
import NovaInterfaces
import NovaProcess
import NovaRPC
public import NovaService
import NovaTelemetry
import NovaTransfer
import NovaWire
import VirtDriver

/// The compute service of one host: serves the host's queue `compute`, reports to the conductor.
///
/// It has no database and no token; it speaks to the conductor, and fetches images by signed grants.
public final class ComputeService: RunnableService {
    private let context: ServiceContext
    private let driver: any VirtDriver
    private let actions: InstanceActions
    private let snapshots: SnapshotActions
    private let departures: LiveMigrations
    private let arrivals: GuestArrivals
    private let activity: InstanceActivity
    private let reporter: HostReporter
    private let sync: PowerStateSync
    private let inventory: HostInventory
    private let client: HTTPClient
    private let queue: HealthPart
    /// Disks and streams to and from other hosts; nil where there are no real guests.
    private let transfers: TransferListening?

    init(
        _ context: ServiceContext, drivers: [VirtDriverFactory], plugs: [HostPlugFactory]
    ) async throws {
        let config = context.config
        self.context = context
        let driverPart = context.part("driver", waitsFor: "the hypervisor does not answer yet")
        let report = context.part("report", waitsFor: "no conductor has accepted a report of the host yet")
        queue = context.part("rpc", waitsFor: "does not take work yet")
        try HostFiles.makeFolder(context.instancesPath)
        let hostID = try NodeIdentity.load(statePath: context.statePath, host: context.host)
        let settings = ComputeDriverSettings(context, hostID: hostID)
        let driver = try await Self.driver(config[ComputeOptions.driver], drivers, settings)
        driverPart.ready()
        let plug = try await Self.plug(config[ComputeOptions.plug], isReal: driver.isReal, plugs, settings)
        let threads = WorkerThreads(name: "compute", count: 4)
        let client = HTTPClient(authorities: config[CommonOptions.authoritiesFile])
        let conductor = QueueConductor(bus: context.bus)
        let plugger = PortPlugger(plug, opensTaps: driver.partsForm.opensTaps)
        let known = KnownPowerStates()
        let activity = InstanceActivity()
        let fences = try FenceStore(
            folder: "\(context.instancesPath)/_fences", durable: driver.isReal, threads: threads)
        let cache = try ImageCache(
            folder: "\(context.instancesPath)/_base",
            source: HTTPImageSource(client: client, endpoints: config[GlanceOptions.servers]),
            convertsToRaw: config[ComputeOptions.forceRaw], runner: .shared, threads: threads, log: context.log)
        context.metrics.onRender { ComputeMetrics.shared.images.set(Double(cache.count)) }
        let allFolders = InstanceFolders(
            settings.context, cache: cache, rootFormat: driver.partsForm.rootDisk,
            ephemeralFormat: config[ComputeOptions.ephemeralFormat], builds: config[ComputeOptions.builds],
            runner: .shared, threads: threads)
        let folders = driver.isReal ? allFolders : nil
        transfers = driver.isReal ? try TransferListening(context) : nil
        let local = LocalTransfer(
            host: context.host, source: { "\(allFolders.asidePath($1))/\($0)" }, runner: .shared)
        let transfer: any DiskTransfer = transfers.map { HostTransfer(local: local, listening: $0) } ?? local
        self.driver = driver
        self.client = client
        self.activity = activity
        actions = InstanceActions(
            driver: driver, plugger: plugger, fences: fences, folders: folders, activity: activity, known: known,
            transfer: transfer, log: context.log)
        snapshots = try SnapshotActions(
            actions,
            sink: HTTPImageSink(client: client, endpoints: config[GlanceOptions.servers], threads: threads),
            folder: "\(context.instancesPath)/_snapshots")
        let network = Self.network(config, isReal: driver.isReal)
        departures = LiveMigrations(
            actions, transfers: transfers?.transfers, conductor: conductor,
            settings: LiveMigrations.Settings(
                host: context.host, network: network, concurrent: config[LiveMigrationOptions.concurrent],
                policy: LiveMigrationOptions.policy(config)))
        arrivals = GuestArrivals(actions, transfers: transfers, network: network)
        reporter = HostReporter(
            driver: driver, conductor: conductor,
            settings: HostReporter.Settings(
                host: context.host, providerID: hostID, hostIP: context.myIP, zone: config[ComputeOptions.zone],
                cpuRatio: config[ComputeOptions.cpuRatio], memoryRatio: config[ComputeOptions.memoryRatio],
                diskRatio: config[ComputeOptions.diskRatio],
                reservedMemoryMB: Int64(config[ComputeOptions.reservedMemory]),
                instancesPath: context.instancesPath, interval: .seconds(config[CommonOptions.reportInterval])),
            log: context.log,
            onResult: { wasAccepted, error in
                guard let error else { return report.ready() }
                let cause = "host report failed: \(NovaError(error))"
                report.set(wasAccepted ? .degraded(cause) : .starting(cause))
            })
        inventory = HostInventory(
            driver: driver, actions: actions, folders: allFolders, cache: cache, activity: activity)
        sync = PowerStateSync(
            host: context.host, driver: driver, conductor: conductor, actions: actions, folders: folders,
            plugger: plugger, fences: fences, activity: activity, known: known,
            interval: .seconds(config[ComputeOptions.syncInterval]),
            resumesGuests: config[ComputeOptions.resumesGuests], log: context.log)
    }

    /// The factory for ``DaemonRunner``.
    ///
    /// - Parameters:
    ///   - drivers: the hypervisors that the executable was linked with.
    ///   - plugs: the ways to connect guests that it was linked with.
    public static func factory(drivers: [VirtDriverFactory], plugs: [HostPlugFactory]) -> ServiceFactory {
        ServiceFactory(name: "nova-compute", role: "compute", options: ComputeOptions.all) {
            try await ComputeService($0, drivers: drivers, plugs: plugs)
        }
    }

    public func run() async throws {
        var dispatcher = RPCDispatcher()
        dispatcher.on(ComputeBuild.self) { [actions] request, _ in try await actions.build(request) }
        dispatcher.on(ComputeDestroy.self) { [actions, snapshots, departures, arrivals] request, _ in
            if !actions.fences.isKnownStale(request.serverID, request.fence) {
                await departures.abort(request.serverID)
            }
            let answer = try await actions.destroy(request)
            await arrivals.forget(request.serverID)
            snapshots.forget(request.serverID)
            return answer
        }
        dispatcher.on(ComputePower.self) { [actions] request, _ in try await actions.power(request) }
        dispatcher.on(ComputeConsoleOutput.self) { [actions] request, _ in try await actions.console(request) }
        dispatcher.on(ComputeInventory.self) { [inventory] request, _ in try await inventory.page(request) }
        dispatcher.on(ComputeRemoveLeftover.self) { [inventory] request, _ in try await inventory.remove(request) }
        dispatcher.on(ComputeTransferEnd.self) { [transfers] _, _ in try TransferListening.end(of: transfers) }
        dispatcher.on(ComputePing.self) { _, _ in Nothing() }
        serveActions(&dispatcher)
        serveMigrations(&dispatcher)
        try await context.bus.serve(dispatcher, topic: "compute", host: context.host, slots: 0)
        do {
            _ = try await context.bus.call(
                ServiceHello(binary: "nova-compute", host: context.host, topic: "compute"),
                to: .topic(ServiceHello.topic), context: .system(), timeout: .seconds(5))
        } catch {
            // The host's report makes it known as well.
            context.log.warning("the conductor did not take the greeting: \(NovaError(error))")
        }
        context.log.info("compute service ready", metadata: ["driver": "\(driver.name)"])
        queue.ready()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [reporter] in await reporter.run() }
            group.addTask { [sync] in await sync.run() }
            group.addTask { [transfers] in await transfers?.run() }
            await group.waitForAll()
        }
        activity.finish()
        departures.stop()
        await driver.close()
        await client.shutdown()
    }

    private func serveActions(_ dispatcher: inout RPCDispatcher) {
        dispatcher.on(ComputePrepareImages.self) { [actions] request, _ in try await actions.prepareImages(request) }
        dispatcher.on(ComputeRebuild.self) { [actions] request, _ in try await actions.rebuild(request) }
        dispatcher.on(ComputeRescue.self) { [actions] request, _ in try await actions.rescue(request) }
        dispatcher.on(ComputeUnrescue.self) { [actions] request, _ in try await actions.unrescue(request) }
        dispatcher.on(ComputeSetAside.self) { [actions] request, _ in try await actions.setAside(request) }
        dispatcher.on(ComputeOfferDisks.self) { [actions] request, _ in try await actions.offerDisks(request) }
        dispatcher.on(ComputeFetchDisks.self) { [actions] request, _ in try await actions.fetchDisks(request) }
        dispatcher.on(ComputeFinishMove.self) { [actions] request, _ in try await actions.finishMove(request) }
        dispatcher.on(ComputeBringBack.self) { [actions] request, _ in try await actions.bringBack(request) }
        dispatcher.on(ComputeForgetAside.self) { [actions] request, _ in try await actions.forgetAside(request) }
        dispatcher.on(ComputeSnapshot.self) { [snapshots] request, _ in try await snapshots.take(request) }
        dispatcher.on(ComputeUploadSnapshot.self) { [snapshots] request, _ in try await snapshots.upload(request) }
        dispatcher.on(ComputeDiscardSnapshot.self) { [snapshots] request, _ in try await snapshots.discard(request) }
        dispatcher.on(ComputeAttachInterface.self) { [actions] request, _ in
            try await actions.attachInterface(request)
        }
        dispatcher.on(ComputeDetachInterface.self) { [actions] request, _ in
            try await actions.detachInterface(request)
        }
        dispatcher.on(ComputeDiagnostics.self) { [actions] request, _ in try await actions.diagnostics(request) }
        dispatcher.on(ComputeSetPassword.self) { [actions] request, _ in try await actions.setPassword(request) }
    }

    private func serveMigrations(_ dispatcher: inout RPCDispatcher) {
        dispatcher.on(ComputeGuestNeeds.self) { [departures] request, _ in try await departures.needs(request) }
        dispatcher.on(ComputeCheckGuest.self) { [arrivals] request, _ in try await arrivals.check(request) }
        dispatcher.on(ComputePrepareGuest.self) { [arrivals] request, _ in try await arrivals.prepare(request) }
        dispatcher.on(ComputeExpectGuest.self) { [arrivals] request, _ in try await arrivals.expect(request) }
        dispatcher.on(ComputeMigrate.self) { [departures] request, _ in try await departures.migrate(request) }
        dispatcher.on(ComputeGuestPresence.self) { [departures] request, _ in try await departures.presence(request) }
        dispatcher.on(ComputeKeepGuest.self) { [departures] request, _ in try await departures.keep(request) }
        dispatcher.on(ComputeConsoleTail.self) { [departures] request, _ in try await departures.consoleTail(request) }
        dispatcher.on(ComputeReceiveGuest.self) { [arrivals] request, _ in try await arrivals.receive(request) }
    }

    /// How guests are connected here, for the comparison with other hosts.
    private static func network(_ config: Configuration, isReal: Bool) -> String {
        let configured = config[ComputeOptions.plug]
        let plug = configured.isEmpty ? (isReal ? "linux" : "fake") : configured
        return config[ComputeOptions.fabric].isEmpty ? plug : "\(plug) over a fabric"
    }

    private static func driver(
        _ name: String, _ factories: [VirtDriverFactory], _ settings: ComputeDriverSettings
    ) async throws -> any VirtDriver {
        guard let factory = factories.first(where: { $0.name == name }) else {
            throw NovaError(
                .badRequest,
                "There is no compute driver \"\(name)\". Set [DEFAULT] compute_driver to one of "
                    + factories.map(\.name).joined(separator: ", ") + ".")
        }
        return try await factory.make(settings)
    }

    private static func plug(
        _ configured: String, isReal: Bool, _ factories: [HostPlugFactory], _ settings: ComputeDriverSettings
    ) async throws -> any HostPlug {
        let name = configured.isEmpty ? (isReal ? "linux" : "fake") : configured
        guard let factory = factories.first(where: { $0.name == name }) else {
            throw NovaError(
                .badRequest,
                "There is no host plug \"\(name)\". Set [compute] host_plug to one of "
                    + factories.map(\.name).joined(separator: ", ") + ".")
        }
        return try await factory.make(settings)
    }
}
