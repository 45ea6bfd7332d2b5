import CloudKit
import CommonTestKit
import NovaCore
import NovaDatabase
import NovaFaults
import NovaModel
import NovaStore
import Synchronization

/// Plays a plan on a cloud and watches its reconcilers.
final class Churn: Sendable {
    /// What came of it.
    struct Outcome: Sendable {
        /// Each operation with its end, client after client.
        var log: [String] = []
        /// What did not end as it should.
        var problems: [String] = []
        /// Confirmed findings, healed or not.
        var findings: Set<String> = []
        /// Times at which reconcilers have looked at all that they need.
        var looks: Set<Timestamp> = []
        var hostsRestarted = 0
        var conductorsRestarted = 0
    }
    /// More than the longest absence of a host, and what it delays.
    private static let patience = Duration.seconds(900)

    private let cloud: TestCloud
    private let outcome = Mutex(Outcome())

    init(_ cloud: TestCloud) { self.cloud = cloud }

    func play(_ plan: ChurnPlan) async throws -> Outcome {
        let watcher = Task { try await watch() }
        try await withThrowingTaskGroup(of: [String].self) { group in
            for (number, steps) in plan.clients.enumerated() { group.addTask { await self.client(number, steps) } }
            group.addTask {
                for blow in plan.mishaps { try await self.strike(blow) }
                return []
            }
            for try await lines in group { outcome.withLock { $0.log += lines } }
        }
        try await cloud.heal()
        var leaks: [String] = []
        do {
            try await until("no leaks", within: Self.patience) {
                leaks = try await cloud.leaks()
                return leaks.isEmpty
            }
        } catch {
            outcome.withLock { [leaks] in $0.problems += leaks }
        }
        // Two more looks at a cloud that is at rest.
        try await SteadyClock.sleep(for: .seconds(150))
        watcher.cancel()
        do { try await watcher.value } catch is CancellationError {}
        return outcome.withLock { outcome in
            var outcome = outcome
            outcome.log.sort()
            return outcome
        }
    }

    private func client(_ number: Int, _ steps: [ChurnPlan.Step]) async -> [String] {
        var servers: [Int: ServerID] = [:]
        var lines: [String] = []
        for (place, step) in steps.enumerated() {
            let id = servers[step.server] ?? .random()
            servers[step.server] = id
            var end: String
            do {
                try await SteadyClock.sleep(for: step.pause)
                try await ask(step.action, id)
                let server = try await cloud.settle(id, owed: true, within: Self.patience)
                end = server.vmState.rawValue
                if server.vmState != step.action.success { end += " \(server.fault?.message ?? "")" }
            } catch {
                end = "\(NovaError(error))"
            }
            let order = String(10_000 + place).dropFirst()
            let line = "client \(number) \(order): \(step.action) \(step.server): \(end)"
            lines.append(line)
            if end != step.action.success.rawValue { outcome.withLock { $0.problems.append(line) } }
        }
        return lines
    }

    /// Asks until it is accepted: a database that fails has nova-api say 503, and clients come again.
    private func ask(_ action: ChurnPlan.Action, _ id: ServerID) async throws {
        while true {
            do {
                switch action {
                case .create: try await cloud.boot(id)
                case .delete: try await cloud.delete(id)
                default: if let change = action.change { try await cloud.power(id, change) }
                }
                return
            } catch let error as NovaError where error.code == .unavailable {
                try await SteadyClock.sleep(for: .seconds(1))
            }
        }
    }

    private func strike(_ blow: ChurnPlan.Blow) async throws {
        try await SteadyClock.sleep(for: blow.pause)
        switch blow.mishap {
        case .host(let number, let away):
            try await restart(cloud.computes[number], away)
            outcome.withLock { $0.hostsRestarted += 1 }
        case .conductor(let number, let away):
            try await restart(cloud.conductors[number], away)
            outcome.withLock { $0.conductorsRestarted += 1 }
        case .database(let name, let times):
            FaultPlan.shared.add(
                FaultRule(
                    "database.commit", subject: cloud.databaseSubject(name), .fail(NovaError(.unavailable, "injected")),
                    count: times))
        }
    }

    private func restart(_ daemon: TestDaemon, _ away: Duration) async throws {
        await daemon.kill()
        try await SteadyClock.sleep(for: away)
        try await daemon.start()
    }

    /// Notes what the reconcilers say while it is said.
    private func watch() async throws {
        while true {
            try await SteadyClock.sleep(for: .seconds(2))
            let (findings, statuses) = try await cloud.nova.read { connection in
                let table = FindingTable(connection)
                return (try table.list(healed: true), try table.statuses())
            }
            outcome.withLock { outcome in
                for finding in findings where finding.isConfirmed {
                    outcome.findings.insert("\(finding.kind) \(finding.object) \(finding.host): \(finding.explanation)")
                }
                for status in statuses where status.error.isEmpty { outcome.looks.insert(status.startedAt) }
            }
        }
    }
}
