import Logging
import NovaAudit
import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore

/// Runs the reconcilers: one conductor of the cloud at a time, now and then and when asked.
struct Auditor: Sendable {
    struct Settings: Sendable {
        /// From one periodic run to the next; zero for none.
        var interval: Duration
        /// Whether periodic runs heal what is safe.
        var heals: Bool
        var ages: CloudPicture.Ages
    }
    /// How long it takes at most until somebody sees that a run is due.
    private static let longestTick = Duration.seconds(5)
    private static let lease = "audit"
    private static let leaseSeconds: Int64 = 120
    /// How long the history of servers and healed findings are kept, in seconds.
    private static let historySeconds: Int64 = 90 * 86_400
    private static let healedSeconds: Int64 = 86_400

    let bus: RPCBus
    let database: Database
    let settings: Settings
    let metrics: AuditMetrics
    let log: Logger

    /// Runs the reconcilers now and then, until the task is cancelled.
    func run() async {
        let isOn = settings.interval > .zero
        let tick = isOn ? min(settings.interval, Self.longestTick) : .seconds(3600)
        while !Task.isCancelled {
            // Not all conductors at once: whoever comes second finds that it was done just now.
            let pause = Double(tick.microseconds) * Double.random(in: 0.8...1.2)
            do { try await SteadyClock.sleep(for: .microseconds(Int64(pause))) } catch { return }
            do {
                guard isOn, try await isDue() else { continue }
                _ = try await audit(heals: settings.heals, alsoHeals: [], patience: .zero)
            } catch is CancellationError {
                return
            } catch let error as NovaError where error.code == .conflict {
                log.debug("another conductor runs the reconcilers")
            } catch {
                log.warning("the reconcilers could not run", metadata: ["error": "\(NovaError(error))"])
            }
        }
    }

    /// Whether no conductor has run them within about an interval, or one of them could not look the last time.
    private func isDue() async throws -> Bool {
        let (statuses, now) = try await database.read { connection in
            (try FindingTable(connection).statuses(), try connection.now())
        }
        guard let last = statuses.map(\.startedAt).max() else { return true }
        let age = now.microseconds.subtractingReportingOverflow(last.microseconds).partialValue
        if age < 0 { return true }
        let interval = Double(settings.interval.microseconds) * Double.random(in: 0.8...1.1)
        let hasFailed = statuses.contains { !$0.error.isEmpty }
        return Double(age) >= (hasFailed ? min(interval, Double(Self.longestTick.microseconds)) : interval)
    }

    /// Runs the reconcilers now.
    ///
    /// - Parameters:
    ///   - alsoHeals: kinds of findings that are healed although they are not safe.
    ///   - patience: how long to wait for a run that is under way.
    /// - Throws: ``NovaError`` `conflict` when one still is.
    func audit(heals: Bool, alsoHeals: Set<String>, patience: Duration) async throws -> RunAudit.Response {
        let owner = "\(WorkflowID.random())"
        let deadline = Deadline.after(patience)
        while try await !keepLease(owner) {
            guard !deadline.hasPassed else {
                throw NovaError(.conflict, "The reconcilers are running already. Ask again in a moment.")
            }
            try await SteadyClock.sleep(for: .milliseconds(200))
        }
        let result: Result<RunAudit.Response, any Error>
        do {
            result = .success(try await audit(heals: heals, alsoHeals: alsoHeals, owner: owner))
        } catch {
            result = .failure(error)
        }
        // Also when this task was cancelled: the next run shall not wait for the lease to expire.
        try await Task { [database] in
            try await database.write { try TaskLeaseTable($0).release(Self.lease, owner: owner) }
        }.value
        return try result.get()
    }

    private func keepLease(_ owner: String) async throws -> Bool {
        try await database.write { connection in
            let now = try connection.now()
            return try TaskLeaseTable(connection).take(
                Self.lease, owner: owner, until: now.adding(seconds: Self.leaseSeconds), at: now)
        }
    }

    private func audit(heals: Bool, alsoHeals: Set<String>, owner: String) async throws -> RunAudit.Response {
        let gatherer = AuditGatherer(bus: bus, database: database, ages: settings.ages, log: log)
        let (picture, failures) = try await gatherer.look()
        let healer = AuditHealer(bus: bus, database: database, picture: picture)
        var response = RunAudit.Response()
        response.settleMilliseconds = settings.ages.settling.microseconds / 1_000
        for reconciler in Reconciler.all {
            guard try await keepLease(owner) else {
                throw NovaError(.conflict, "Another conductor runs the reconcilers now.")
            }
            let missing = reconciler.needs.sorted { $0.rawValue < $1.rawValue }.compactMap { failures[$0] }
            let run = ReconcilerRun(reconciler, picture, database: database, failure: missing.first)
            let status = try await run.finish { drift in
                guard (heals && drift.isSafe) || alsoHeals.contains(drift.kind) else { return nil }
                return try await healer.heal(drift)
            }
            metrics.note(status.status, healedNow: status.healedNow)
            response.findings += status.status.findings
            response.suspicions += status.status.suspicions
            response.healed += status.healedNow
            for line in status.lines { log.warning("\(line)", metadata: ["reconciler": "\(reconciler.name)"]) }
        }
        try await tidy()
        return response
    }

    private func tidy() async throws {
        try await database.write { connection in
            let now = try connection.now()
            try FindingTable(connection).forget(healedBefore: now.adding(seconds: -Self.healedSeconds))
            _ = try ServerChangeTable(connection).forget(
                before: now.adding(seconds: -Self.historySeconds), atMost: 1000)
        }
    }
}
