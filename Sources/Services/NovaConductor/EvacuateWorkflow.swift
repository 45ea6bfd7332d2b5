import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWorkflow

/// Makes a server anew on another host, when its own was declared down: what was on its disks there is lost.
///
/// Its last steps clean up the host that was left. They wait until it is back, and users need not wait for them.
enum EvacuateWorkflow {
    private static let tasks: [TaskState] = [
        .rebuilding, .rebuildBlockDeviceMapping, .rebuildSpawning, .poweringOff,
    ]

    static func make(_ parts: ConductorParts) -> Workflow<MoveState> {
        let move = MoveParts(parts: parts)
        return Workflow(
            WorkflowKindName.evacuate,
            steps: [schedule(move), network(move), build(move), stop(move), source(move), placement(move)],
            deadline: parts.buildDeadline, mustFinishFrom: "source",
            stopReason: { connection, state in try ServerAtWork(state.serverID, connection).stopReason() },
            succeeded: { _, _, _ in },
            failed: { connection, state, _, error in
                try MoveParts.show(nil, "failed", state, connection)
                try ServerAtWork(state.serverID, connection).fail(error, nil) { rest(&$0) }
            },
            settled: { _, _ in })
    }

    private static func rest(_ server: inout ServerRecord) {
        if let task = server.taskState, tasks.contains(task) { server.taskState = nil }
    }

    private static func schedule(_ move: MoveParts) -> MoveParts.Step {
        .init(
            "schedule",
            begin: { try MoveParts.show(.rebuilding, "accepted", $1, $0) },
            run: { try await move.schedule(&$0, $1) },
            commit: { connection, state in
                try MoveParts.showTarget("pre-migrating", state, connection)
                try ExplanationTable(connection).save(state.explanation, of: state.serverID)
            },
            undo: { try await move.unschedule(&$0, $1) },
            undone: { try ExplanationTable($0).save($1.explanation, of: $1.serverID) })
    }

    private static func network(_ move: MoveParts) -> MoveParts.Step {
        .init(
            "network",
            begin: { try ServerAtWork($1.serverID, $0).show(.rebuildBlockDeviceMapping) },
            run: { state, context in
                try await move.requireTarget(state)
                try await move.bind(&state, to: state.move.target, context)
            },
            undo: { try await move.bind(&$0, to: $0.move.source, $1) },
            onFailure: { error, state in
                SchedulingHints.response(to: error, isForced: state.forcedHost != nil) ?? .undo
            })
    }

    private static func build(_ move: MoveParts) -> MoveParts.Step {
        .init(
            "build",
            begin: { try ServerAtWork($1.serverID, $0).show(.rebuildSpawning) },
            run: { state, context in
                state.powerState = try await move.parts.bus.call(
                    ComputeBuild(context.fence, try await move.newInstance(state, context)),
                    to: .host(ComputeBuild.topic, try move.host(state.move.target)), context: context.request
                ).powerState
            },
            undo: { try await move.destroy($0, on: $0.move.target, $1) },
            host: MoveParts.target,
            onFailure: { error, state in
                guard ConductorParts.isHostFailure(error), let host = state.move.target?.host,
                    state.forcedHost == nil, state.requestedHost == nil,
                    state.ignoredHosts.count + 1 < move.parts.maxAttempts
                else { return .undo }
                state.ignoredHosts.append(host)
                return .restart
            })
    }

    /// A server that was stopped is stopped again, once its guest has been made; then the server lives there.
    private static func stop(_ move: MoveParts) -> MoveParts.Step {
        .init(
            "stop",
            begin: { if $1.endsStopped { try ServerAtWork($1.serverID, $0).show(.poweringOff) } },
            run: { state, context in
                guard state.endsStopped else { return }
                var request = ComputePower(context.fence, .stop, try await move.newInstance(state, context))
                request.shutdownTimeout = Int64(move.parts.shutdownTimeout)
                state.powerState = try await move.parts.bus.call(
                    request, to: .host(ComputePower.topic, try move.host(state.move.target)), context: context.request
                ).powerState
            },
            commit: { connection, state in
                try MoveParts.show(nil, "done", state, connection)
                try ServerTable(connection).change(state.serverID) { server in
                    guard let target = state.move.target else { return }
                    MoveParts.settle(on: target, state.move.newFlavor, state, &server)
                    server.vmState = state.endsStopped ? .stopped : .active
                    server.launchedAt = .now()
                    server.progress = 100
                    server.fault = nil
                    rest(&server)
                }
            },
            host: MoveParts.target)
    }

    private static func source(_ move: MoveParts) -> MoveParts.Step {
        .init(
            "source", run: { try await move.destroy($0, on: $0.move.source, $1) }, host: MoveParts.source)
    }

    private static func placement(_ move: MoveParts) -> MoveParts.Step {
        .init(
            "placement", run: { try await move.release($0, $1) },
            commit: { try MoveParts.show(nil, "completed", $1, $0) })
    }
}
