import Logging
import NovaConfig
import NovaCore
import NovaHTTPClient
import NovaService
import NovaStore
import NovaTelemetry
import NovaWorkflow
import Synchronization

/// Tells all sinks of the phases of workflows.
final class Notifier: Sendable {
    /// How long what waits may take when the conductor stops.
    private static let farewell = Duration.seconds(2)

    private let publisher: String
    private let lines: [NotificationLine]
    private let client: HTTPClient?
    private let work = Mutex<Task<Void, Never>?>(nil)

    /// - Returns: nil when no sink is configured: then nothing is made or read for any.
    convenience init?(_ context: ServiceContext) {
        let config = context.config
        let effort = NotificationLine.Effort(
            limit: config[NotificationOptions.queueSize], timeout: .seconds(config[NotificationOptions.timeout]),
            tries: config[NotificationOptions.tries])
        var sinks: [any NotificationSink] = []
        var client: HTTPClient?
        let file = config[NotificationOptions.file]
        if !file.isEmpty {
            sinks.append(NotificationFile(path: file.hasPrefix("/") ? file : "\(context.statePath)/\(file)"))
        }
        let url = config[NotificationOptions.webhook]
        if !url.isEmpty {
            let http = HTTPClient(authorities: config[CommonOptions.authoritiesFile])
            client = http
            sinks.append(NotificationWebhook(url: url, client: http, timeout: effort.timeout))
        }
        if config[NotificationOptions.fanout] { sinks.append(NotificationFanout(bus: context.bus)) }
        guard !sinks.isEmpty else { return nil }
        self.init(publisher: "nova-conductor:\(context.host)", sinks, effort, context.metrics, context.log, client)
    }

    init(
        publisher: String, _ sinks: [any NotificationSink], _ effort: NotificationLine.Effort,
        _ metrics: MetricsRegistry, _ log: Logger, _ client: HTTPClient? = nil
    ) {
        self.publisher = publisher
        self.client = client
        lines = sinks.map { NotificationLine($0, effort, metrics, log) }
    }

    /// Puts an event into the lines of all sinks; never waits.
    func tell(_ event: WorkflowEvent) {
        let notification = Notification(
            eventType: NotificationName.eventType(event),
            json: NotificationPayload(publisher: publisher, event: event).json,
            requestID: event.workflow.context.requestID)
        for line in lines { line.put(notification) }
    }

    /// Begins to hand over.
    func start() {
        // Not structured: the cancellation of the conductor must not cut off what waits.
        let task = Task { [lines] in
            await withTaskGroup(of: Void.self) { group in for line in lines { group.addTask { await line.run() } } }
        }
        work.withLock { $0 = task }
    }

    /// Hands over what waits, for a moment, and ends.
    func stop() async {
        for line in lines { line.finish() }
        let task = work.withLock { $0 }
        // Not structured, as above.
        let limit = Task {
            // Cancelled when nothing waits any more.
            try? await SteadyClock.sleep(for: Self.farewell)
            task?.cancel()
        }
        await task?.value
        limit.cancel()
        await client?.shutdown()
    }
}
