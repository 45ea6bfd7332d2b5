import NovaCore
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWorkflow

/// Restarts a server from a rescue image, and back from its own disk.
enum RescueWorkflow {
    private static let deadline = Duration.seconds(900)

    static func rescue(_ parts: ConductorParts) -> Workflow<RescueState> {
        let step = Workflow<RescueState>.Step(
            "rescue",
            run: { state, context in
                let server = try await parts.server(state.serverID, in: context)
                let host = try parts.host(of: server)
                var request = ComputeRescue(
                    context.fence,
                    try await parts.instance(server, image: state.image, on: host, request: context.request))
                request.shutdownTimeout = Int64(parts.shutdownTimeout)
                let outcome = try await parts.bus.call(
                    request, to: .host(ComputeRescue.topic, host), context: context.request)
                state.powerState = outcome.powerState
            },
            undo: { state, context in try await end(&state, starts: state.wasRunning, parts, context) },
            host: { connection, state in try ServerAtWork(state.serverID, connection).host() })
        return make(WorkflowKindName.rescue, step, .rescuing, .rescued)
    }

    static func unrescue(_ parts: ConductorParts) -> Workflow<RescueState> {
        let step = Workflow<RescueState>.Step(
            "unrescue", run: { state, context in try await end(&state, starts: true, parts, context) })
        return make(WorkflowKindName.unrescue, step, .unrescuing, .active)
    }

    private static func make(
        _ kind: String, _ step: Workflow<RescueState>.Step, _ task: TaskState, _ vmState: VMState
    ) -> Workflow<RescueState> {
        Workflow(
            kind, steps: [step], deadline: deadline,
            stopReason: { connection, state in try ServerAtWork(state.serverID, connection).stopReason() },
            succeeded: { connection, state, _ in
                try ServerAtWork(state.serverID, connection).end(task) { server in
                    server.vmState = vmState
                    server.powerState = state.powerState
                }
            },
            failed: { connection, state, _, error in
                try ServerAtWork(state.serverID, connection).fail(error, task)
            })
    }

    /// Takes the rescue disk away again; for a host that never made one nothing changes.
    private static func end(
        _ state: inout RescueState, starts: Bool, _ parts: ConductorParts, _ context: StepContext
    ) async throws {
        let server = try await parts.server(state.serverID, in: context)
        let host = try parts.host(of: server)
        let image = try await parts.image(of: server, request: context.request)
        let instance = try await parts.instance(server, image: image, on: host, request: context.request)
        let outcome = try await parts.bus.call(
            ComputeUnrescue(context.fence, instance, starts: starts), to: .host(ComputeUnrescue.topic, host),
            context: context.request)
        state.powerState = outcome.powerState
    }
}
