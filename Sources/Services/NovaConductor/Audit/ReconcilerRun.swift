import NovaAudit
import NovaCore
import NovaDatabase
import NovaModel
import NovaStore

/// One run of one reconciler: decides, remembers, heals, and says how it went.
struct ReconcilerRun: Sendable {
    struct Outcome: Sendable {
        var status = ReconcilerStatus()
        var healedNow: Int64 = 0
        /// What is new, for the log.
        var lines: [String] = []
    }
    private let reconciler: Reconciler
    private let picture: CloudPicture
    private let database: Database
    private let failure: NovaError?

    /// - Parameter failure: why the picture lacks something that the reconciler needs.
    init(_ reconciler: Reconciler, _ picture: CloudPicture, database: Database, failure: NovaError?) {
        self.reconciler = reconciler
        self.picture = picture
        self.database = database
        self.failure = failure
    }

    /// - Parameter heal: heals a finding; nil when it is not to be healed, false when it is there no more.
    func finish(_ heal: (Drift) async throws -> Bool?) async throws -> Outcome {
        let started = SteadyClock.now
        var outcome = Outcome()
        outcome.status.name = reconciler.name
        outcome.status.startedAt = picture.at
        if let failure {
            outcome.status.error = "\(failure)"
        } else {
            outcome = try await look(heal, outcome)
        }
        outcome.status.duration = started.duration(to: SteadyClock.now).microseconds
        return try await database.write { [outcome] connection in
            var outcome = outcome
            let table = FindingTable(connection)
            let former = try table.statuses().first { $0.name == reconciler.name }
            outcome.status.healed = (former?.healed ?? 0) &+ outcome.healedNow
            if failure != nil, let former {
                // What was found stays found.
                outcome.status.findings = former.findings
                outcome.status.suspicions = former.suspicions
            }
            try table.save(outcome.status)
            return outcome
        }
    }

    private func look(_ heal: (Drift) async throws -> Bool?, _ begun: Outcome) async throws -> Outcome {
        var outcome = begun
        let drifts = reconciler.decide(picture)
        let known = try await database.scan { try FindingTable($0).list(reconciler: reconciler.name) }
        let settling = Settling(
            drifts, of: reconciler.name, known: known, at: picture.at, settling: picture.ages.settling)
        let former = Set(known.filter(\.isConfirmed).map { "\($0.kind) \($0.object) \($0.host)" })
        var findings: [Finding] = []
        for (seen, drift) in settling.kept {
            var finding = seen
            guard finding.isConfirmed else {
                outcome.status.suspicions += 1
                findings.append(finding)
                continue
            }
            do {
                if let isHealed = try await heal(drift) {
                    finding.error = ""
                    if isHealed {
                        finding.healedAt = .now()
                        outcome.healedNow += 1
                    }
                }
            } catch {
                if Task.isCancelled { throw CancellationError() }
                finding.error = "\(NovaError(error))"
            }
            if finding.healedAt == nil { outcome.status.findings += 1 }
            if finding.healedAt != nil || !former.contains("\(finding.kind) \(finding.object) \(finding.host)") {
                let end = finding.healedAt == nil ? "" : " It is healed."
                outcome.lines.append("\(finding.kind) \(finding.object): \(finding.explanation)\(end)")
            }
            findings.append(finding)
        }
        if !findings.isEmpty || !settling.gone.isEmpty {
            try await database.write { [findings] connection in
                let table = FindingTable(connection)
                for finding in settling.gone { try table.remove(finding) }
                for finding in findings { try table.save(finding) }
            }
        }
        return outcome
    }
}
