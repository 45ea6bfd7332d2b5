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

    private let context: ServiceContext
    private let directory: HostDirectory
    private let chooser: HostChooser

    /// - Throws: ``NovaError`` `badRequest` for an unknown filter.
    public init(_ context: ServiceContext) async throws {
        self.context = context
        let cloud = RemoteCloudView(bus: context.bus)
        directory = HostDirectory(cloud: cloud, log: context.log)
        chooser = HostChooser(
            directory: directory, cloud: cloud, selector: try SchedulerOptions.selector(context.config),
            alternates: context.config[SchedulerOptions.maxAttempts] - 1, log: context.log)
    }

    public func run() async throws {
        try await context.bus.serve(dispatcher, topic: SelectHost.topic, host: nil, slots: Self.slots)
        // Keeps the table warm, so that the first request after a pause does not wait for three answers.
        while !Task.isCancelled {
            do {
                try await directory.refresh()
            } catch {
                context.log.debug("the scheduler's table is not complete yet", metadata: ["error": "\(error)"])
            }
            do { try await Task.sleep(for: Self.refreshEvery) } catch { return }
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
        dispatcher.on(HostChanged.self) { method, _ in
            directory.update(method.host)
            return Nothing()
        }
        return dispatcher
    }
}
