import CloudKit
import CommonTestKit
import NovaCore
import NovaFaults
import NovaModel
import NovaStore
import NovaWire

/// Plays one case on a cloud that has no servers, and leaves it so.
struct CrashRun {
    let cloud: TestCloud
    let crash: CrashCase

    /// - Returns: what is not as it should be; empty when all is well.
    func play() async throws -> [String] {
        var problems: [String] = []
        let id = try await prepare()
        let subject = id.description
        var rules = [try add(crash.point, crash.disturbance, subject)]
        if let failsAt = crash.failsAt { rules.append(try add(failsAt, .fails(.badRequest, times: 1), subject)) }
        defer { for rule in rules { FaultPlan.shared.remove(rule) } }
        try await begin(crash.action, id)
        try await until("the disturbance at \(crash.point) has come") {
            if FaultPlan.shared.remaining(rules[0]) == 0 { return true }
            // A cleanup that is owed may be tried in a while only.
            return try await cloud.workflows(of: id).first?.finishedAt != nil
        }
        do {
            // What follows the last commit comes a moment after the end can be seen.
            try await until("the disturbance has come", within: .seconds(5)) {
                FaultPlan.shared.remaining(rules[0]) == 0
            }
        } catch {
            problems.append("the disturbance never came")
        }
        let server = try await settled(id)
        if crash.action == .evacuate { try await declareDown(nil, false) }
        let wanted = crash.outcome == .succeeds ? crash.action.success : crash.failure
        // A compute host that comes back tells what it really has, and that counts.
        if server.vmState != wanted, !isTold || server.vmState != crash.action.told {
            problems.append("the server is \(server.vmState), not \(wanted): \(server.fault?.message ?? "")")
        }
        if let ports = ports, server.network.ports.count != ports {
            problems.append("the server has \(server.network.ports.count) ports, not \(ports)")
        }
        if crash.outcome == .fails, crash.action != .delete, server.fault == nil { problems.append("it has no fault") }
        try await cloud.heal()
        problems += try await quiet(id, server)
        if crash.action != .delete { try await remove(id, &problems) }
        return problems
    }

    /// How many ports the server has at the end; nil where that is no matter.
    private var ports: Int? {
        switch crash.action {
        case .attachInterface: crash.outcome == .succeeds ? 2 : 1
        case .detachInterface: crash.outcome == .succeeds ? 1 : 2
        default: nil
        }
    }

    /// Whether a host that comes back may say that a power action which failed has changed the guest all the same.
    private var isTold: Bool {
        guard case .computeKilled = crash.disturbance else { return false }
        return crash.outcome == .fails && crash.action != .build
    }

    /// A server as the action needs it; without one for a build, which the action accepts itself.
    private func prepare() async throws -> ServerID {
        guard crash.action != .build else { return .random() }
        let id = try await cloud.boot()
        var server = try await cloud.settle(id)
        var before: [UserAction] = []
        while let first = (before.first ?? crash.action).first { before.insert(first, at: 0) }
        for action in before {
            try await begin(action, id)
            server = try await cloud.settle(id)
        }
        if crash.action == .evacuate { try await declareDown(server.host, true) }
        guard server.vmState == crash.action.first?.success ?? .active else {
            throw NovaError(.internal, "the server could not be prepared: \(server.fault?.message ?? "")")
        }
        return id
    }

    private func begin(_ action: UserAction, _ id: ServerID) async throws {
        switch action {
        case .build: try await cloud.boot(id)
        case .delete: try await cloud.delete(id)
        case .rescue: try await cloud.rescue(id)
        case .unrescue: try await cloud.unrescue(id)
        case .rebuild: try await cloud.rebuild(id)
        case .snapshot: try await cloud.snapshot(id)
        case .resize: try await cloud.resize(id)
        case .confirmResize: try await cloud.confirmResize(id)
        case .revertResize: try await cloud.revertResize(id)
        case .evacuate: try await cloud.evacuate(id)
        case .liveMigrate: try await cloud.liveMigrate(id)
        case .shelve: try await cloud.shelve(id)
        case .shelveOffload: try await cloud.shelveOffload(id)
        case .unshelve: try await cloud.unshelve(id)
        case .attachInterface: try await cloud.attachInterface(id)
        case .detachInterface: try await cloud.detachInterface(id)
        default: if let change = action.change { try await cloud.power(id, change) }
        }
    }

    /// What operators say of a host, or of all.
    private func declareDown(_ host: String?, _ isDown: Bool) async throws {
        try await cloud.declareDown(isDown) { host == nil || $0 == host }
    }

    private func settled(_ id: ServerID) async throws -> ServerRecord {
        if case .computeKilled = crash.disturbance {
            // It comes back, but not before somebody has missed it.
            try await until("the host was missed") {
                let open = try await cloud.workflows(of: id).filter { $0.finishedAt == nil }
                // Where it dies in the undoing, the failure before that is nobody's sign of its death.
                let isMissed = open.contains { $0.attempts > 0 || $0.state != .running }
                return open.isEmpty || isMissed && cloud.computes.contains { $0.service == nil }
            }
            for compute in cloud.computes { try await compute.start() }
        }
        return try await cloud.settle(id)
    }

    /// After all daemons are back: nothing changes any more, and nothing is left over.
    private func quiet(_ id: ServerID, _ server: ServerRecord) async throws -> [String] {
        var leaks: [String] = []
        do {
            try await until("no leaks", within: .seconds(5)) {
                leaks = try await cloud.leaks()
                return leaks.isEmpty
            }
        } catch {
            return leaks
        }
        guard let now = try await cloud.server(id), now.vmState == server.vmState || isTold else {
            return ["the server changed after its workflow had ended"]
        }
        return []
    }

    private func remove(_ id: ServerID, _ problems: inout [String]) async throws {
        try await cloud.delete(id)
        let server = try await cloud.settle(id)
        if server.vmState != .deleted { problems.append("it could not be deleted: \(server.vmState)") }
        problems += try await quiet(id, server).map { "after its deletion: \($0)" }
    }

    private func add(_ point: String, _ disturbance: Disturbance, _ subject: String) throws -> Int {
        let cloud = cloud
        let rule: FaultRule
        switch disturbance {
        case .fails(let code, let times):
            rule = FaultRule(point, subject: subject, .fail(NovaError(code, "injected")), count: times)
        case .conductorKilled:
            rule = FaultRule(
                point, subject: subject,
                .run {
                    try await Self.conductor(cloud, subject, point.hasPrefix("compute.") ? .killFromOutside : .kill)
                }, count: 1)
        case .conductorFrozen:
            rule = FaultRule(
                point, subject: subject, .run { try await Self.conductor(cloud, subject, .freeze) }, count: 1)
        case .computeKilled:
            rule = FaultRule(
                point, subject: subject,
                .run { try await Self.killCompute(cloud, subject, at: point) },
                count: 1)
        case .brokerKilled:
            rule = FaultRule(point, subject: subject, .run { try await cloud.restartBroker() }, count: 1)
        case .databaseLost(let name, let times):
            let database = cloud.databaseSubject(name)
            rule = FaultRule(
                point, subject: subject,
                .run {
                    FaultPlan.shared.add(
                        FaultRule(
                            "database.commit", subject: database, .fail(NovaError(.unavailable, "injected")),
                            count: times))
                }, count: 1)
        }
        return FaultPlan.shared.add(rule)
    }

    private enum Blow { case kill, killFromOutside, freeze }

    /// Strikes the conductor that runs the server's workflow.
    private static func conductor(_ cloud: TestCloud, _ subject: String, _ blow: Blow) async throws {
        var victim = TestDaemon.current
        if victim == nil, let id = ServerID(subject) {
            let owner = try await cloud.workflows(of: id).first { $0.finishedAt == nil }?.owner
            victim = cloud.conductors.first { owner?.hasPrefix("\($0.host)/") ?? true }
        }
        switch blow {
        case .kill: try await victim?.killHere()
        case .killFromOutside: await victim?.kill()
        case .freeze: try await victim?.freezeHere()
        }
    }

    /// Kills the compute host that works on the server, or any one when it has none yet.
    private static func killCompute(_ cloud: TestCloud, _ subject: String, at point: String) async throws {
        guard let id = ServerID(subject) else { return }
        let isInside = point.hasPrefix("compute.")
        var host = try await cloud.server(id)?.host
        if isInside, let workflow = try await cloud.workflows(of: id).first(where: { $0.finishedAt == nil }) {
            host = try Self.host(of: point, workflow) ?? host
        }
        let victim = cloud.computes.first { host == nil || $0.host == host }
        if isInside { try await victim?.killHere() } else { await victim?.kill() }
    }

    /// Where a method runs that is not on the server's own host.
    private static func host(of point: String, _ workflow: WorkflowRecord) throws -> String? {
        let method = point.split(separator: ".").dropFirst().first ?? ""
        switch workflow.kind {
        case WorkflowKindName.unshelve: return try UnshelveState(decoding: workflow.data.bytes).selected?.host
        case WorkflowKindName.resize, WorkflowKindName.confirmResize, WorkflowKindName.revertResize,
            WorkflowKindName.evacuate:
            let move = try MoveState(decoding: workflow.data.bytes).move
            let isAtSource =
                method == "set_aside" || method == "bring_back"
                || method == "destroy" && workflow.kind != WorkflowKindName.revertResize
            return isAtSource ? move.source.host : move.target?.host
        case WorkflowKindName.liveMigrate:
            let move = try LiveMigrationState(decoding: workflow.data.bytes).move.move
            return method == "migrate" || method == "destroy" ? move.source.host : move.target?.host
        default: return nil
        }
    }
}

extension CrashRun {
    /// Runs a body while a compute service dies at a point of a server's workflow.
    static func killing(
        _ compute: TestDaemon, at point: String, _ id: ServerID, _ body: () async throws -> Void
    ) async throws {
        let rule = FaultPlan.shared.add(
            FaultRule(point, subject: id.description, .run { await compute.kill() }, count: 1))
        defer { FaultPlan.shared.remove(rule) }
        try await body()
    }
}
