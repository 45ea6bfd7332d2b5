import Logging
public import NovaConfig
import NovaCore
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaScheduling
public import NovaService
import NovaTelemetry
import NovaWire

/// `nova-scheduler`: answers ``SelectHost`` from hosts kept in memory; several may run at once, as placement
/// decides between their claims.
public struct SchedulerService: CloudService {
    public static let name = "nova-scheduler"
    public static let role = "scheduler"
    public static let options: [any OptionDeclaration] = SchedulerOptions.all
    /// Requests answered at once.
    static let slots = 8
    private static let refreshEvery = Duration.seconds(5)
    /// Until the table is complete for the first time.
    private static let retryEvery = Duration.milliseconds(200)

    private let context: ServiceContext
    private let directory: HostDirectory
    private let chooser: HostChooser
    private let table: HealthPart

    /// - Throws: ``NovaError`` `badRequest` for an unknown filter.
    public init(_ context: ServiceContext) async throws {
        self.context = context
        table = context.part("hosts", waitsFor: "conductor and placement have not told the hosts yet")
        let cloud = RemoteCloudView(bus: context.bus)
        directory = HostDirectory(cloud: cloud, log: context.log)
        chooser = HostChooser(
            directory: directory, cloud: cloud, selector: try SchedulerOptions.selector(context.config),
            alternates: context.config[SchedulerOptions.maxAttempts] - 1, log: context.log)
    }

    public func run() async throws {
        // Its host's queue carries no requests; the broker knows by it that this scheduler lives.
        try await context.bus.serve(dispatcher, topic: SelectHost.topic, host: context.host, slots: Self.slots)
        let sign = LifeSign(
            bus: context.bus, hello: ServiceHello(binary: Self.name, host: context.host, topic: SelectHost.topic),
            interval: .seconds(context.config[CommonOptions.reportInterval]), log: context.log)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await sign.run() }
            group.addTask { await keepWarm() }
            await group.waitForAll()
        }
    }

    /// Keeps the table warm, so that the first request after a pause does not wait for three answers.
    private func keepWarm() async {
        var isComplete = false
        while !Task.isCancelled {
            do {
                try await directory.refresh()
                table.ready()
                isComplete = true
            } catch {
                if !isComplete { table.set(.starting("the hosts are not known yet: \(NovaError(error))")) }
                context.log.debug("the scheduler's table is not complete yet", metadata: ["error": "\(error)"])
            }
            do { try await SteadyClock.sleep(for: isComplete ? Self.refreshEvery : Self.retryEvery) } catch { return }
        }
    }

    private var dispatcher: RPCDispatcher {
        let (chooser, directory, log) = (chooser, directory, context.log)
        let times = context.metrics.histogram(
            "nova_scheduler_decision_seconds", help: "Time from request to claim.", labels: [:])
        let failures = context.metrics.counter(
            "nova_scheduler_no_valid_host_total", help: "Decisions that found no host.")
        var dispatcher = RPCDispatcher()
        dispatcher.on(SelectHost.self) { method, call in
            let decision = try await chooser.choose(method.request, context: call.context, deadline: call.deadline)
            times.observe(Double(decision.explanation.microseconds) / 1e6)
            if decision.selected == nil {
                failures.inc()
                log.warning(
                    "no valid host was found",
                    metadata: [
                        "server": "\(method.request.serverID)", "why": "\(NoValidHost.summary(decision.explanation))",
                        "request_id": "\(call.context.requestID)",
                    ])
            }
            return decision
        }
        dispatcher.on(PlanHosts.self) { method, _ in try await chooser.plan(method) }
        dispatcher.on(HostsOutdated.self) { _, _ in
            directory.expire(.hosts)
            return Nothing()
        }
        dispatcher.on(HostChanged.self) { method, _ in
            directory.update(method.host)
            return Nothing()
        }
        return dispatcher
    }
}
