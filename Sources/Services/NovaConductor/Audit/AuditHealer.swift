import NovaAudit
import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWire

/// Heals drift: each way looks first whether the server is still as the picture shows it, and idle.
struct AuditHealer: Sendable {
    let bus: RPCBus
    let database: Database
    let picture: CloudPicture

    /// Heals one drift.
    ///
    /// - Returns: false when things have changed since the look, and nothing was done.
    func heal(_ drift: Drift) async throws -> Bool {
        switch drift.heal {
        case .nothing: return false
        case .setPowerState(let id, let state):
            return try await change(id, drift) { PowerSync.apply(state, to: &$0) }
        case .setNetwork(let id, let network):
            return try await change(id, drift) { $0.network = network }
        case .endTask(let id): return try await endTask(of: id, drift)
        case .removeInstance(let id, let host):
            guard try await isAsSeen(id) else { return false }
            try await call(ComputeRemoveLeftover(server: id), .host(ComputeRemoveLeftover.topic, host))
        case .removeImage(let name, let host):
            try await call(ComputeRemoveLeftover(image: name), .host(ComputeRemoveLeftover.topic, host))
        case .releaseClaim(let id):
            guard try await isAsSeen(id) else { return false }
            try await call(PlacementRelease(id), .topic(PlacementRelease.topic))
        case .claim(let id): return try await claim(id)
        case .recount(let provider): try await call(PlacementRecount(provider), .topic(PlacementRecount.topic))
        case .releasePorts(let id):
            guard try await isAsSeen(id) else { return false }
            let fence = Fence(workflow: .random(), step: 0, epoch: 1)
            try await call(ReleaseNetwork(fence, id), .topic(ReleaseNetwork.topic))
        case .freeWorkflow(let id):
            return try await database.write { try AuditTable($0).free(id) }
        case .removeService(let id, let time):
            return try await database.write { try AuditTable($0).removeService(id, silentSince: time) }
        }
        return true
    }

    private func call<M: RPCMethod>(_ method: M, _ target: RPCTarget) async throws {
        _ = try await bus.call(method, to: target, context: .system(), timeout: .seconds(30))
    }

    /// Whether a server is as the picture shows it, and no workflow has begun since.
    private func isAsSeen(_ id: ServerID) async throws -> Bool {
        try await database.read { try isAsSeen(id, $0) }
    }

    private func isAsSeen(_ id: ServerID, _ connection: Connection) throws -> Bool {
        guard try !AuditTable(connection).hasOpenWorkflow(id) else { return false }
        let server = try ServerTable(connection).find(id, deleted: true)
        return switch picture.standing(id) {
        case .alive(let facts): server.map { !$0.isDeleted && $0.updatedAt == facts.updatedAt } ?? false
        case .deleted: server?.isDeleted ?? true
        case .unknown: server == nil
        }
    }

    /// Changes a server's row, with an entry in its history.
    private func change(
        _ id: ServerID, _ drift: Drift, _ body: @escaping @Sendable (inout ServerRecord) -> Void
    ) async throws -> Bool {
        try await database.write { connection in
            guard try isAsSeen(id, connection), let before = try ServerTable(connection).find(id),
                let after = try ServerTable(connection).change(id, body)
            else { return false }
            try ServerChangeTable(connection).note(
                "audit", by: ConductorService.name, why: drift.explanation, from: before, to: after)
            return true
        }
    }

    /// A deletion is begun again, a build fails, any other task is over.
    private func endTask(of id: ServerID, _ drift: Drift) async throws -> Bool {
        guard case .alive(let facts) = picture.standing(id) else { return false }
        guard facts.taskState == .deleting else {
            return try await change(id, drift) { server in
                server.taskState = nil
                guard server.vmState == .building else { return }
                server.vmState = .error
                server.fault = ServerFault(
                    NovaError(.internal, "The build of the server was lost. Delete it and create it again."))
            }
        }
        let workflow = WorkflowRecord(
            kind: WorkflowKindName.delete, server: id, context: .system(), data: DeleteState(id).encoded(), now: .now())
        return try await database.write { connection in
            guard try isAsSeen(id, connection) else { return false }
            try WorkflowTable(connection).insert(workflow)
            return true
        }
    }

    /// Claims for a server what its flavor needs, where it lives.
    private func claim(_ id: ServerID) async throws -> Bool {
        guard case .alive(let server) = picture.standing(id), let provider = server.providerID,
            try await isAsSeen(id)
        else { return false }
        let claim = PlacementClaim(
            id, on: provider, ResourceAmount.of(server.flavor), project: server.projectID, user: server.userID)
        let answer = try await bus.call(claim, to: .topic(PlacementClaim.topic), context: .system())
        guard answer.providerID == provider else {
            throw NovaError(.conflict, "The server holds a claim on another provider.", details: "\(answer.providerID)")
        }
        return true
    }
}
