import NovaCore
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWorkflow

/// Makes a server's guest anew from an image; its id, its ports and its host stay.
enum RebuildWorkflow {
    /// The step from which on the guest is no longer what it was.
    private static let pointOfNoReturn: Int64 = 1
    private static let tasks: [TaskState] = [.rebuilding, .rebuildBlockDeviceMapping, .rebuildSpawning, .poweringOff]

    static func make(_ parts: ConductorParts) -> Workflow<RebuildState> {
        Workflow(
            WorkflowKindName.rebuild, steps: [prepare(parts), rebuild(parts), stop(parts)],
            deadline: parts.buildDeadline,
            stopReason: { connection, state in try ServerAtWork(state.serverID, connection).stopReason() },
            succeeded: { connection, state, _ in
                try ServerTable(connection).change(state.serverID) { server in
                    server.vmState = state.wasStopped ? .stopped : .active
                    server.powerState = state.powerState
                    server.launchedAt = .now()
                    server.progress = 100
                    server.fault = nil
                    if let task = server.taskState, tasks.contains(task) { server.taskState = nil }
                }
            },
            failed: { connection, state, record, error in
                try ServerAtWork(state.serverID, connection).fail(error, nil) { server in
                    if let task = server.taskState, tasks.contains(task) { server.taskState = nil }
                    if record.step < pointOfNoReturn {
                        server.imageID = state.formerImageID
                    } else {
                        server.vmState = .error
                    }
                }
            })
    }

    /// The image is on the host before the old disk goes.
    private static func prepare(_ parts: ConductorParts) -> Workflow<RebuildState>.Step {
        .init(
            "prepare",
            begin: { try ServerAtWork($1.serverID, $0).show(.rebuildBlockDeviceMapping) },
            run: { state, context in
                let (instance, host) = try await instance(state, parts, context)
                _ = try await parts.bus.call(
                    ComputePrepareImages(instance), to: .host(ComputePrepareImages.topic, host),
                    context: context.request)
            })
    }

    private static func rebuild(_ parts: ConductorParts) -> Workflow<RebuildState>.Step {
        .init(
            "rebuild",
            begin: { try ServerAtWork($1.serverID, $0).show(.rebuildSpawning) },
            run: { state, context in
                let (instance, host) = try await instance(state, parts, context)
                let outcome = try await parts.bus.call(
                    ComputeRebuild(context.fence, instance), to: .host(ComputeRebuild.topic, host),
                    context: context.request)
                state.powerState = outcome.powerState
            })
    }

    /// A server that was stopped is stopped again, once its guest has been made.
    private static func stop(_ parts: ConductorParts) -> Workflow<RebuildState>.Step {
        .init(
            "stop",
            begin: { if $1.wasStopped { try ServerAtWork($1.serverID, $0).show(.poweringOff) } },
            run: { state, context in
                guard state.wasStopped else { return }
                let (instance, host) = try await instance(state, parts, context)
                var request = ComputePower(context.fence, .stop, instance)
                request.shutdownTimeout = Int64(parts.shutdownTimeout)
                let outcome = try await parts.bus.call(
                    request, to: .host(ComputePower.topic, host), context: context.request)
                state.powerState = outcome.powerState
            })
    }

    private static func instance(
        _ state: RebuildState, _ parts: ConductorParts, _ context: StepContext
    ) async throws -> (InstanceSpec, host: String) {
        let server = try await parts.server(state.serverID, in: context)
        let host = try parts.host(of: server)
        return (try await parts.instance(server, image: state.image, on: host, request: context.request), host)
    }
}
