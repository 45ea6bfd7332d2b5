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
            WorkflowKindName.delete, steps: [destroy(parts), network(parts), placement(parts), leftovers(parts)],
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
                state = try locate(state, connection)
                try remove(state.serverID, connection)
            })
    }

    private static func remove(_ id: ServerID, _ connection: Connection) throws {
        let now = try connection.now()
        for migration in try MigrationTable(connection).open(of: id) {
            try MigrationTable(connection).change(migration.id, at: now) { migration in
                let isSettled = migration.status == "finished" || migration.status == "confirming"
                migration.status = isSettled ? "confirmed" : "error"
            }
        }
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
                state = try await parts.database.read { [state] in try locate(state, $0) }
                guard let host = state.host else { return }
                _ = try await parts.bus.call(
                    ComputeDestroy(context.fence, state.serverID, state.network),
                    to: .host(ComputeDestroy.topic, host), context: context.request)
            },
            host: { connection, state in
                try locate(state, connection).host.map {
                    StepHost($0, isDown: try HostTable(connection).isForcedDown($0))
                }
            })
    }

    /// Where a server lives: as long as it is there its row knows best, and an owed cleanup may outlive the row.
    private static func locate(_ state: DeleteState, _ connection: Connection) throws -> DeleteState {
        guard let server = try ServerTable(connection).find(state.serverID) else { return state }
        var place = state
        place.host = server.host
        place.network = server.network
        place.move = try MigrationTable(connection).open(of: server.id).last { $0.move != nil }?.move
        place.shelvedImage = server.shelved?.imageID
        return place
    }

    /// What a move that was not confirmed has left on the other host and in placement, and the image of a shelved server.
    private static func leftovers(_ parts: ConductorParts) -> Workflow<DeleteState>.Step {
        .init(
            "leftovers",
            run: { state, context in
                if let image = state.shelvedImage {
                    _ = try await parts.bus.call(
                        DiscardImage(image), to: .topic(DiscardImage.topic), context: context.request)
                }
                guard let move = state.move else { return }
                if let host = otherHost(state) {
                    _ = try await parts.bus.call(
                        ComputeDestroy(context.fence, state.serverID, state.network),
                        to: .host(ComputeDestroy.topic, host), context: context.request)
                }
                _ = try await parts.bus.call(
                    PlacementRelease(move.consumer), to: .topic(PlacementRelease.topic), context: context.request)
            },
            host: { connection, state in
                try otherHost(state).map { StepHost($0, isDown: try HostTable(connection).isForcedDown($0)) }
            })
    }

    private static func otherHost(_ state: DeleteState) -> String? {
        [state.move?.source.host, state.move?.target?.host].compactMap(\.self).first { $0 != state.host && !$0.isEmpty }
    }

    private static func network(_ parts: ConductorParts) -> Workflow<DeleteState>.Step {
        .init(
            "network",
            run: { state, context in
                _ = try await parts.bus.call(
                    ReleaseNetwork(context.fence, state.serverID), to: .topic(ReleaseNetwork.topic),
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
}
