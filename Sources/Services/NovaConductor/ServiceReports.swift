import Logging
import NovaCore
import NovaDatabase
import NovaStore
import Synchronization

/// What daemons say of themselves, gathered and written once per report interval in one transaction.
///
/// A daemon that this conductor hears of for the first time is written at once.
final class ServiceReports: Sendable {
    private struct Key: Hashable {
        var binary: String
        var host: String
    }
    private struct Report {
        var topic: String
        var zone: String
        var at: Timestamp
    }
    private struct State {
        var known: Set<Key> = []
        var unwritten: [Key: Report] = [:]
    }
    /// More than any cloud has; then all count as new again.
    private static let limit = 100_000

    private let database: Database
    private let interval: Duration
    private let log: Logger
    private let state = Mutex(State())

    init(database: Database, interval: Duration, log: Logger) {
        self.database = database
        self.interval = interval
        self.log = log
    }

    /// Takes a report.
    func take(binary: String, host: String, topic: String, zone: String) async throws {
        let key = Key(binary: binary, host: host)
        let report = Report(topic: topic, zone: zone, at: .now())
        let isKnown = state.withLock { state in
            guard state.known.contains(key) else { return false }
            state.unwritten[key] = report
            return true
        }
        guard !isKnown else { return }
        try await write([key: report])
        state.withLock { state in
            if state.known.count >= Self.limit { state.known = [] }
            state.known.insert(key)
        }
    }

    /// Writes what has gathered, and the conductor's own report, until the task is cancelled.
    func run(alsoFor binary: String, host: String) async {
        while !Task.isCancelled {
            do {
                try await SteadyClock.sleep(for: interval)
                try await take(binary: binary, host: host, topic: "conductor", zone: "internal")
                try await flush()
            } catch is CancellationError {
                return
            } catch {
                // The next reports come soon; only the time of the last one is late.
                log.warning("reports of services were not written", metadata: ["error": "\(NovaError(error))"])
            }
        }
    }

    /// Writes what has gathered.
    func flush() async throws {
        let gathered = state.withLock { state in
            defer { state.unwritten = [:] }
            return state.unwritten
        }
        if !gathered.isEmpty { try await write(gathered) }
    }

    private func write(_ reports: [Key: Report]) async throws {
        try await database.write { connection in
            let table = HostTable(connection)
            for (key, report) in reports {
                try table.hello(
                    binary: key.binary, host: key.host, topic: report.topic, zone: report.zone, at: report.at)
            }
        }
    }
}
