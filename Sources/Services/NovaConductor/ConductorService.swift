import Logging
public import NovaConfig
import NovaCore
public import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
public import NovaService
import NovaStore
import NovaWire
import NovaWorkflow

/// `nova-conductor`: drives the workflows, and stands between compute hosts and the database.
public struct ConductorService: CloudService {
    public static let name = "nova-conductor"
    public static let role = "conductor"
    public static var options: [any OptionDeclaration] { ConductorOptions.all }

    private let context: ServiceContext
    private let database: Database
    private let parts: ConductorParts
    private let runner: WorkflowRunner
    private let grants: GrantIssuer
    private let reports: ServiceReports
    private let auditor: Auditor
    /// Nil where nobody wants notifications.
    private let notifier: Notifier?
    private let workflows: HealthPart

    /// The service in a process in which others use the same database.
    public static func factory(sharing databases: OpenDatabases) -> ServiceFactory {
        ServiceFactory(name: name, role: role, options: options) { try await ConductorService($0, databases) }
    }

    /// The service in a process of its own.
    public init(_ context: ServiceContext) async throws { try await self.init(context, OpenDatabases()) }

    /// Opens the database and makes the grant key when there is none.
    init(_ context: ServiceContext, _ databases: OpenDatabases) async throws {
        self.context = context
        let config = context.config
        workflows = context.part("workflows", waitsFor: "does not take work yet")
        let databasePart = context.part("database", waitsFor: "is being opened")
        database = try databases.open(
            context.databaseAddress("nova"), schema: NovaDatabaseSchema.schema, log: context.log
        ) { $0.report(to: context.metrics, service: context.name) }
        try await database.write { try FlavorTable($0).insertDefaults() }
        do {
            while try await database.write({ try ServerTable($0).fillSizes(limit: 500) }) > 0 {}
        } catch {
            // Usage is right without them, only slower to find.
            context.log.error("sizes of servers were not filled in", metadata: ["error": "\(NovaError(error))"])
        }
        databasePart.ready()
        reports = ServiceReports(
            database: database, interval: .seconds(config[CommonOptions.reportInterval]), log: context.log)
        grants = try await GrantIssuer(database)
        let notifier = Notifier(context)
        self.notifier = notifier
        var listener: (@Sendable (WorkflowEvent) -> Void)?
        if let notifier { listener = { notifier.tell($0) } }
        runner = WorkflowRunner(
            database: database, owner: "\(context.host)/\(UUID128.random())", slots: config[ConductorOptions.workers],
            times: ConductorOptions.times(config), listener: listener, log: context.log)
        parts = ConductorParts(
            bus: context.bus, database: database, grants: grants, maxAttempts: config[ConductorOptions.maxAttempts],
            buildDeadline: .seconds(config[ConductorOptions.buildTimeout]),
            shutdownTimeout: config[ConductorOptions.shutdownTimeout],
            hostPatience: min(.seconds(10), ConductorOptions.times(config).patience),
            resizesOnSameHost: config[ConductorOptions.resizeOnSameHost],
            shelvedOffloadTime: config[ConductorOptions.shelvedOffloadTime],
            liveMigrationRetries: config[ConductorOptions.liveMigrationRetries])
        auditor = Auditor(
            bus: context.bus, database: database, settings: ConductorOptions.audit(config),
            metrics: AuditMetrics(registry: context.metrics), log: context.log)
        runner.register(BuildWorkflow.make(parts))
        runner.register(DeleteWorkflow.make(parts))
        runner.register(PowerWorkflow.make(parts))
        runner.register(RescueWorkflow.rescue(parts))
        runner.register(RescueWorkflow.unrescue(parts))
        runner.register(RebuildWorkflow.make(parts))
        runner.register(SnapshotWorkflow.make(parts))
        runner.register(ResizeWorkflow.make(parts))
        runner.register(ConfirmResizeWorkflow.make(parts))
        runner.register(RevertResizeWorkflow.make(parts))
        runner.register(EvacuateWorkflow.make(parts))
        runner.register(LiveMigrateWorkflow.make(parts))
        runner.register(ShelveWorkflow.shelve(parts))
        runner.register(ShelveWorkflow.offload(parts))
        runner.register(UnshelveWorkflow.make(parts))
        runner.register(InterfaceWorkflows.attach(parts))
        runner.register(InterfaceWorkflows.detach(parts))
        runner.register(HostFenceWorkflow.make(parts, FenceAgent(config)))
    }

    /// The steps of its workflows, by kind.
    public var workflowSteps: [String: [String]] { runner.steps }

    public func run() async throws {
        let desk = HostDesk(
            bus: context.bus, database: database, reports: reports, offer: { [runner] in runner.offer($0) },
            log: context.log)
        try await context.bus.serve(dispatcher(desk), topic: "conductor", host: context.host, slots: 64)
        try await reports.take(binary: Self.name, host: context.host, topic: "conductor", zone: "internal")
        workflows.ready()
        let archive = ArchiveTask(
            database: database, retentionDays: context.config[ConductorOptions.retentionDays],
            folder: context.config[ConductorOptions.archivePath], log: context.log)
        let reclaim = ReclaimTask(
            database: database, age: .seconds(context.config[CommonOptions.reclaimInterval]),
            offer: { [runner] in runner.offer($0) }, log: context.log)
        let offloadTime = context.config[ConductorOptions.shelvedOffloadTime]
        let due = DueTask(
            database: database, confirmWindow: .seconds(context.config[ConductorOptions.confirmWindow]),
            offloadTime: offloadTime < 0 ? nil : .seconds(offloadTime), offer: { [runner] in runner.offer($0) },
            log: context.log)
        let fencing = HostFenceTask.Settings(context.config).map { settings in
            HostFenceTask(
                database: database, settings: settings,
                answers: { [bus = context.bus] in
                    try await HostSilence(bus: bus).isBroken(by: $0, .system())
                }, offer: { [runner] in runner.offer($0) }, log: context.log)
        }
        let drains = DrainTask(
            parts: parts, maximum: context.config[ConductorOptions.drainMoves],
            scan: ConductorOptions.times(context.config).scan, offer: { [runner] in runner.offer($0) }, log: context.log
        )
        notifier?.start()
        // The runner ends when it is cancelled or fails; the others may have nothing to do.
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [host = context.host] in await reports.run(alsoFor: Self.name, host: host) }
            group.addTask { await auditor.run() }
            group.addTask { await archive.run() }
            group.addTask { await reclaim.run() }
            group.addTask { await due.run() }
            group.addTask { await fencing?.run() }
            group.addTask { await drains.run() }
            defer { group.cancelAll() }
            try await runner.run()
        }
        await notifier?.stop()
        await context.bus.close()
        await database.close()
    }

    private func dispatcher(_ desk: HostDesk) -> RPCDispatcher {
        var dispatcher = RPCDispatcher()
        let runner = runner
        let keys = grants.publicKeys
        dispatcher.on(WorkflowReady.self) { request, _ in
            runner.offer(request.workflowID)
            return Nothing()
        }
        dispatcher.on(RetryWorkflow.self) { [database] request, call in
            try Self.refuseHosts(call)
            try await database.write { try WorkflowTable($0).wake(request.workflowID) }
            runner.offer(request.workflowID)
            return Nothing()
        }
        dispatcher.on(AbandonWorkflow.self) { [database] request, call in
            try Self.refuseHosts(call)
            try await database.write { try WorkflowTable($0).abandon(request.workflowID, reason: request.reason) }
            runner.offer(request.workflowID)
            return Nothing()
        }
        dispatcher.on(HostReport.self) { try await desk.report($0, $1) }
        dispatcher.on(PowerReport.self) { try await desk.power($0, $1) }
        let migrations = MigrationDesk(database: database)
        dispatcher.on(MigrationReport.self) { try await migrations.report($0, $1) }
        dispatcher.on(HostList.self) { try await desk.hosts($0, $1) }
        dispatcher.on(TellSchedulers.self) { [context] _, call in
            try Self.refuseHosts(call)
            try await context.bus.fanout(HostsOutdated(), topic: HostsOutdated.topic, context: call.context)
            return Nothing()
        }
        dispatcher.on(ServiceHello.self) { try await desk.hello($0, $1) }
        dispatcher.on(RunAudit.self) { [auditor] request, call in
            try Self.refuseHosts(call)
            return try await auditor.audit(
                heals: request.heals, alsoHeals: Set(request.alsoHeals), patience: .seconds(60))
        }
        dispatcher.on(PlanDrain.self) { [parts] request, call in
            try Self.refuseHosts(call)
            return PlanDrain.Response(try await DrainPlanner(parts: parts).plan(request, call.context))
        }
        dispatcher.on(GrantKeys.self) { _, _ in
            var response = GrantKeys.Response()
            response.keys = keys
            return response
        }
        return dispatcher
    }

    /// Operators' requests come through nova-api; a compute host could give up what it owes itself.
    private static func refuseHosts(_ call: RPCCall) throws {
        guard call.principal.role != "compute" else {
            throw NovaError(.forbidden, "A compute host may not ask for this.", details: "\(call.principal)")
        }
    }
}
