import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWorkflow

/// Brings a server to another host or another flavor, where it waits for its user's word.
///
/// Until then its first host keeps its disks, and the migration what it held in placement.
enum ResizeWorkflow {
    /// Disks travel.
    private static let deadline = Duration.seconds(7200)
    /// The step from which on the guest no longer runs where it was.
    private static let stopStep: Int64 = 2
    private static let tasks: [TaskState] = [
        .resizePrep, .resizeMigrating, .resizeMigrated, .resizeFinish, .resizeReverting,
    ]

    static func make(_ parts: ConductorParts) -> Workflow<MoveState> {
        let move = MoveParts(parts: parts)
        return Workflow(
            WorkflowKindName.resize,
            steps: [schedule(move), prepare(move), stop(move), transfer(move), network(move), finish(move)],
            deadline: deadline,
            stopReason: { connection, state in try ServerAtWork(state.serverID, connection).stopReason() },
            succeeded: { connection, state, _ in
                try MoveParts.show(nil, "finished", state, connection)
                try ServerTable(connection).change(state.serverID) { server in
                    guard let target = state.move.target else { return }
                    MoveParts.settle(on: target, state.move.newFlavor, state, &server)
                    server.vmState = .resized
                    server.launchedAt = .now()
                    server.progress = 100
                    rest(&server)
                }
            },
            failed: { connection, state, record, error in
                try MoveParts.show(nil, "error", state, connection)
                try ServerAtWork(state.serverID, connection).fail(error, nil) { server in
                    // Where the guest was stopped, the server is at work until it runs again.
                    if record.step < stopStep { rest(&server) } else { server.taskState = .resizeReverting }
                }
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
        if let task = server.taskState, tasks.contains(task) { server.taskState = nil }
    }

    /// Another host, or the same one where operators allow it.
    private static func schedule(_ move: MoveParts) -> MoveParts.Step {
        .init(
            "schedule",
            begin: { try MoveParts.show(.resizePrep, "pre-migrating", $1, $0) },
            run: { state, context in
                state.mayStay = !state.move.keepsFlavor && move.parts.resizesOnSameHost
                try await move.schedule(&state, context)
            },
            commit: { connection, state in
                try MoveParts.showTarget("pre-migrating", state, connection)
                try ExplanationTable(connection).save(state.explanation, of: state.serverID)
            },
            undo: { try await move.unschedule(&$0, $1) },
            undone: { try ExplanationTable($0).save($1.explanation, of: $1.serverID) })
    }

    /// The image is there before the guest is stopped; what comes there later is removed by this step's undoing, for which
    /// the guest on its own host does not wait.
    private static func prepare(_ move: MoveParts) -> MoveParts.Step {
        .init(
            "prepare",
            run: { state, context in
                try await move.requireTarget(state)
                let host = try move.host(state.move.target)
                _ = try await move.parts.bus.call(
                    ComputePrepareImages(try await move.newInstance(state, context)),
                    to: .host(ComputePrepareImages.topic, host), context: context.request)
            },
            undo: { state, context in
                // While the source has its disks nothing was fetched.
                guard state.isAside, !state.move.isOnOneHost else { return }
                try await move.destroy(state, on: state.move.target, context)
            },
            host: MoveParts.target,
            onFailure: { error, state in
                if let response = SchedulingHints.response(to: error, isForced: state.forcedHost != nil) {
                    return response
                }
                guard ConductorParts.isHostFailure(error), let host = state.move.target?.host,
                    state.requestedHost == nil, state.ignoredHosts.count + 1 < move.parts.maxAttempts
                else { return .undo }
                state.ignoredHosts.append(host)
                return .restart
            })
    }

    private static func stop(_ move: MoveParts) -> MoveParts.Step {
        .init(
            "stop",
            begin: { try MoveParts.show(.resizeMigrating, "migrating", $1, $0) },
            run: { state, context in
                let server = try await move.parts.server(state.serverID, in: context)
                var request = ComputeSetAside(context.fence, state.serverID, server.network)
                request.shutdownTimeout = Int64(move.parts.shutdownTimeout)
                _ = try await move.parts.bus.call(
                    request, to: .host(ComputeSetAside.topic, state.move.source.host), context: context.request)
                state.isAside = true
            },
            undo: { try await move.bringBack(&$0, $1) },
            undone: { connection, state in
                try ServerTable(connection).change(state.serverID) { server in
                    guard server.taskState != .deleting else { return }
                    rest(&server)
                    server.vmState = state.formerState
                    server.powerState = state.powerState
                }
            },
            host: MoveParts.source)
    }

    private static func transfer(_ move: MoveParts) -> MoveParts.Step {
        .init(
            "transfer",
            begin: { try MoveParts.show(.resizeMigrated, "post-migrating", $1, $0) },
            run: { state, context in
                let offer = try await move.offerDisks(state, context)
                let request = ComputeFetchDisks(context.fence, try await move.newInstance(state, context), offer)
                _ = try await move.parts.bus.call(
                    request, to: .host(ComputeFetchDisks.topic, try move.host(state.move.target)),
                    context: context.request)
            },
            host: MoveParts.target)
    }

    private static func network(_ move: MoveParts) -> MoveParts.Step {
        .init(
            "network",
            begin: { try ServerAtWork($1.serverID, $0).show(.resizeFinish) },
            run: { try await move.bind(&$0, to: $0.move.target, $1) },
            undo: { try await move.bind(&$0, to: $0.move.source, $1) })
    }

    private static func finish(_ move: MoveParts) -> MoveParts.Step {
        .init(
            "finish",
            run: { state, context in
                let instance = try await move.newInstance(state, context)
                state.powerState = try await move.parts.bus.call(
                    ComputeFinishMove(context.fence, instance, starts: !state.move.wasStopped),
                    to: .host(ComputeFinishMove.topic, try move.host(state.move.target)), context: context.request
                ).powerState
            },
            // The guest must not run on two hosts: this one is ended before the other is started again.
            undo: { state, context in
                guard !state.move.isOnOneHost else { return }
                try await move.destroy(state, on: state.move.target, context)
            },
            host: MoveParts.target)
    }
}
