import Logging
import NovaConfig
import NovaCore
import NovaHTTP
import NovaTelemetry

/// The listener of `/metrics` (Prometheus text), `/healthz` (the process lives), `/readyz` (its parts can work) and
/// `/policy` (the rules in force).
struct MonitoringListener: Sendable {
    private let server: HTTPServer
    private let host: String
    private let isRequired: Bool
    private let log: Logger

    /// The listener of a daemon; nil when it is switched off.
    init?(_ daemon: Daemon, _ config: Configuration, _ health: HealthRegistry, log: Logger) throws {
        guard config[CommonOptions.monitoringEnabled] else { return nil }
        let chosen = config[CommonOptions.monitoringPort]
        host = config[CommonOptions.monitoringListen]
        isRequired = chosen >= 0
        self.log = log
        var quiet = log
        quiet.logLevel = max(log.logLevel, .warning)  // a line per poll helps nobody
        server = try HTTPServer(
            name: "monitoring", host: host, port: chosen >= 0 ? chosen : daemon.monitoringPort,
            apis: [
                API(
                    name: "monitoring", prefix: "", microversions: nil, faults: .nova,
                    operations: Self.operations(health))
            ],
            authenticator: nil, log: quiet, maximumConnections: 64)
    }

    /// Serves until the task is cancelled.
    ///
    /// A default port that is taken (several daemons of one kind on a host) costs a warning; a chosen one is an error.
    func run() async throws {
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run() }
                group.addTask {
                    let port = try await server.waitUntilListening()
                    log.info("Monitoring listens on http://\(host):\(port)/metrics")
                }
                try await group.waitForAll()
            }
        } catch {
            let error = NovaError(error)
            if Task.isCancelled || error.code == .cancelled { return }
            guard !isRequired else { throw error }
            log.warning("No monitoring: \(error.message) Choose another port with [monitoring] port.")
        }
    }

    /// What `/readyz` answers: 503 as long as a part cannot work, and which ones they are.
    static func readiness(_ health: HealthRegistry) -> APIResponse {
        .bytes(
            health.isReady ? 200 : 503, contentType: "text/plain; charset=utf-8", Array(health.text.utf8))
    }

    private static func operations(_ health: HealthRegistry) -> [Operation] {
        let plain = "text/plain; charset=utf-8"
        return [
            Operation(.get, "/metrics", name: "monitoring:metrics", policy: nil, summary: "Metrics as Prometheus text")
            {
                _ in
                let text = MetricsRegistry.shared.render()
                return .bytes(200, contentType: "text/plain; version=0.0.4; charset=utf-8", Array(text.utf8))
            },
            Operation(.get, "/healthz", name: "monitoring:health", policy: nil, summary: "Whether the process lives") {
                _ in .bytes(200, contentType: plain, Array("ok\n".utf8))
            },
            Operation(.get, "/readyz", name: "monitoring:ready", policy: nil, summary: "Whether its parts can work") {
                _ in readiness(health)
            },
            Operation(.get, "/policy", name: "monitoring:policy", policy: nil, summary: "The rules in force") {
                _ in .json(PolicyRegistry.shared.json)
            },
        ]
    }
}
