import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWorkflow

/// Takes a server's move back: it becomes on its first host what it was.
///
/// What its guest has written since the move is lost, as it is in Nova.
enum RevertResizeWorkflow {
    private static let deadline = Duration.seconds(1800)
    /// The step in which the guest is stopped.
    private static let stopStep: Int64 = 1

    static func make(_ parts: ConductorParts) -> Workflow<MoveState> {
        let move = MoveParts(parts: parts)
        return Workflow(
            WorkflowKindName.revertResize,
            steps: [prepare(move), stop(move), network(move), restore(move), target(move), placement(move)],
            deadline: deadline, mustFinishFrom: "restore",
            stopReason: { connection, state in try ServerAtWork(state.serverID, connection).stopReason() },
            succeeded: { _, _, _ in },
            failed: { connection, state, record, error in
                try MoveParts.show(nil, "finished", state, connection)
                try ServerAtWork(state.serverID, connection).fail(error, nil) { server in
                    if record.step < stopStep { rest(&server) }
                }
            },
            settled: { connection, state in
                // When its first host is away, that host starts the guest when it is back.
                if !state.isRestored { try revert(state, connection) }
            },
            stranded: { connection, state in
                try ServerTable(connection).change(state.serverID) { server in
                    guard server.taskState == .resizeReverting else { return }
                    rest(&server)
                    server.vmState = .error
                }
            })
    }

    private static func rest(_ server: inout ServerRecord) {
        if server.taskState == .resizeReverting { server.taskState = nil }
    }

    private static func revert(_ state: MoveState, _ connection: Connection) throws {
        try MoveParts.show(nil, "reverted", state, connection)
        try ServerTable(connection).change(state.serverID) { server in
            MoveParts.settle(on: state.move.source, state.move.oldFlavor, state, &server)
            server.vmState = state.move.vmState
            rest(&server)
            guard !state.isRestored else { return }
            server.vmState = .error
            let error = NovaError(
                .unavailable, "The server goes on when its host \(state.move.source.host) is there again.")
            server.fault = ServerFault(error, host: state.move.source.host)
        }
    }

    /// The first host is there and has what the guest needs, before anything is stopped.
    private static func prepare(_ move: MoveParts) -> MoveParts.Step {
        .init(
            "prepare",
            run: { state, context in
                _ = try await move.parts.bus.call(
                    ComputePrepareImages(try await move.oldInstance(state, context)),
                    to: .host(ComputePrepareImages.topic, state.move.source.host), context: context.request)
            },
            host: MoveParts.source)
    }

    private static func stop(_ move: MoveParts) -> MoveParts.Step {
        .init(
            "stop",
            run: { try await power(.stop, &$0, move, $1) },
            undo: { state, context in
                guard try await move.parts.isThere(state.serverID), !state.endsStopped else { return }
                try await power(.start, &state, move, context)
            },
            undone: { connection, state in
                try ServerTable(connection).change(state.serverID) { server in
                    guard server.taskState != .deleting else { return }
                    rest(&server)
                    server.vmState = .resized
                    server.powerState = state.powerState
                }
            },
            host: MoveParts.target)
    }

    private static func power(
        _ action: PowerActionState.Action, _ state: inout MoveState, _ move: MoveParts, _ context: StepContext
    ) async throws {
        var request = ComputePower(context.fence, action, try await move.newInstance(state, context))
        request.shutdownTimeout = Int64(move.parts.shutdownTimeout)
        state.powerState = try await move.parts.bus.call(
            request, to: .host(ComputePower.topic, try move.host(state.move.target)), context: context.request
        ).powerState
    }

    private static func network(_ move: MoveParts) -> MoveParts.Step {
        .init(
            "network",
            run: { try await move.bind(&$0, to: $0.move.source, $1) },
            undo: { try await move.bind(&$0, to: $0.move.target, $1) })
    }

    private static func restore(_ move: MoveParts) -> MoveParts.Step {
        .init(
            "restore",
            run: { state, context in
                try await move.bringBack(&state, context)
                state.isRestored = true
            },
            commit: { try revert($1, $0) },
            host: MoveParts.source)
    }

    private static func target(_ move: MoveParts) -> MoveParts.Step {
        .init(
            "target",
            run: { state, context in
                guard !state.move.isOnOneHost else { return }
                try await move.destroy(state, on: state.move.target, context)
            },
            host: MoveParts.target)
    }

    private static func placement(_ move: MoveParts) -> MoveParts.Step {
        .init(
            "placement",
            run: { state, context in
                guard try await move.parts.isThere(state.serverID) else {
                    // What the server held is given back by its deletion.
                    return try await move.release(state, context)
                }
                try await move.takeBack(state, context)
            })
    }
}
