import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWorkflow

/// Ends a server's move for good: its first host forgets it, and what the migration held is given back.
///
/// Its steps cannot fail for good: a host that is away pays later.
enum ConfirmResizeWorkflow {
    static func make(_ parts: ConductorParts) -> Workflow<MoveState> {
        let move = MoveParts(parts: parts)
        return Workflow(
            WorkflowKindName.confirmResize, steps: [source(move), placement(move)], deadline: .seconds(365 * 86_400),
            succeeded: { connection, state, _ in try confirm(state, connection) },
            failed: { connection, state, _, error in try ServerAtWork(state.serverID, connection).fail(error, nil) },
            settled: { connection, state in try confirm(state, connection) })
    }

    private static func confirm(_ state: MoveState, _ connection: Connection) throws {
        try MoveParts.show(nil, "confirmed", state, connection)
        try ServerTable(connection).change(state.serverID) { server in
            // As Nova does: a user may have started or stopped the guest meanwhile.
            if server.vmState == .resized { server.vmState = server.powerState == .shutdown ? .stopped : .active }
            if server.taskState == .resizeConfirming { server.taskState = nil }
        }
    }

    private static func source(_ move: MoveParts) -> MoveParts.Step {
        .init(
            "source",
            run: { state, context in
                guard state.move.isOnOneHost else {
                    return try await move.destroy(state, on: state.move.source, context)
                }
                _ = try await move.parts.bus.call(
                    ComputeForgetAside(context.fence, state.serverID),
                    to: .host(ComputeForgetAside.topic, state.move.source.host), context: context.request)
            },
            host: MoveParts.source)
    }

    private static func placement(_ move: MoveParts) -> MoveParts.Step {
        .init("placement", run: { try await move.release($0, $1) })
    }
}
