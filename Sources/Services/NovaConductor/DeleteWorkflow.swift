import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWorkflow

/// Removes a server and all that was made for it.
///
/// Its steps cannot fail for good: when a daemon stays away the server is deleted for its users, and what the daemon
/// still owes is asked for again until it is done.
enum DeleteWorkflow {
    static func make(_ parts: ConductorParts) -> Workflow<DeleteState> {
        Workflow(
            WorkflowKindName.delete, steps: [destroy(parts), network(parts), placement(parts)],
            deadline: .seconds(365 * 86_400),
            succeeded: { connection, state, _ in try remove(state.serverID, connection) },
            failed: { connection, state, _, error in
                try ServerTable(connection).change(state.serverID) { server in
                    server.vmState = .error
                    server.taskState = nil
                    server.fault = ServerFault(error, host: server.host ?? "")
                }
            },
            settled: { connection, state in
                try locate(state, connection).apply(to: &state)
                try remove(state.serverID, connection)
            })
    }

    private static func remove(_ id: ServerID, _ connection: Connection) throws {
        let now = try connection.now()
        try ServerTable(connection).change(id, at: now) { server in
            server.vmState = .deleted
            server.taskState = nil
            server.powerState = .noState
            server.isDeleted = true
            server.deletedAt = now
            server.terminatedAt = now
        }
    }

    private static func destroy(_ parts: ConductorParts) -> Workflow<DeleteState>.Step {
        .init(
            "destroy",
            run: { state, context in
                try await parts.database.read { [state] in try locate(state, $0) }.apply(to: &state)
                guard let host = state.host else { return }
                _ = try await parts.bus.call(
                    ComputeDestroy(fence(context), state.serverID, state.network),
                    to: .host(ComputeDestroy.topic, host), context: context.request)
            },
            host: { connection, state in
                try locate(state, connection).host.map {
                    StepHost($0, isDown: try HostTable(connection).isForcedDown($0))
                }
            })
    }

    /// Where a server lives: as long as it is there its row knows best, and an owed cleanup may outlive the row.
    private static func locate(_ state: DeleteState, _ connection: Connection) throws -> ServerPlace {
        guard let server = try ServerTable(connection).find(state.serverID) else {
            return ServerPlace(host: state.host, network: state.network)
        }
        return ServerPlace(host: server.host, network: server.network)
    }

    private struct ServerPlace: Sendable {
        var host: String?
        var network: NetworkInfo

        func apply(to state: inout DeleteState) {
            state.host = host
            state.network = network
        }
    }

    private static func network(_ parts: ConductorParts) -> Workflow<DeleteState>.Step {
        .init(
            "network",
            run: { state, context in
                _ = try await parts.bus.call(
                    ReleaseNetwork(fence(context), state.serverID), to: .topic(ReleaseNetwork.topic),
                    context: context.request)
            })
    }

    private static func placement(_ parts: ConductorParts) -> Workflow<DeleteState>.Step {
        .init(
            "placement",
            run: { state, context in
                _ = try await parts.bus.call(
                    PlacementRelease(state.serverID), to: .topic(PlacementRelease.topic), context: context.request)
            })
    }

    private static func fence(_ context: StepContext) -> Fence {
        Fence(workflow: context.workflowID, step: context.position, epoch: context.epoch)
    }
}
