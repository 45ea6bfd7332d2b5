import NovaCore
public import NovaTelemetry
import Synchronization

extension Database {
    private static let counts: [(name: String, help: String, count: @Sendable (DatabaseStatistics) -> Int)] = [
        ("nova_database_commits_total", "Transactions that were committed.", { $0.commits }),
        ("nova_database_writes_total", "Changes that were committed; several share a transaction.", { $0.writes }),
        ("nova_database_failed_writes_total", "Changes that were refused or undone.", { $0.failedWrites }),
        ("nova_database_reads_total", "Readings.", { $0.reads }),
        (
            "nova_database_retries_total", "Changes that were run again after a collision or a lost connection.",
            { $0.retries }
        ),
        ("nova_database_reconnects_total", "Connections made anew after one was lost.", { $0.reconnects }),
    ]

    /// Shows what the database does for a service in the process's metrics, for as long as it is there.
    public func report(to registry: MetricsRegistry, service: String) {
        let labels = ["service": service]
        let counters = Self.counts.map { registry.counter($0.name, help: $0.help, labels: labels) }
        let waiting = registry.gauge(
            "nova_database_waiting_writes", help: "Changes that wait for the writer now.", labels: labels)
        let longest = registry.gauge(
            "nova_database_longest_write_seconds",
            help: "The longest that a change has taken from being asked for to its commit or refusal, since the start.",
            labels: labels)
        let told = Mutex(DatabaseStatistics())
        registry.onRender { [weak self] in
            guard let now = self?.statistics else { return }
            waiting.set(now.waitingWrites)
            longest.set(Double(now.longestWrite.microseconds) / 1e6)
            let before = told.withLock { told in
                defer { told = now }
                return told
            }
            for (counter, entry) in zip(counters, Self.counts) {
                counter.inc(by: max(0, entry.count(now) - entry.count(before)))
            }
        }
    }
}
