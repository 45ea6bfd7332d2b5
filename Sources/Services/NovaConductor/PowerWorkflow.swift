import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWorkflow

/// Starts, stops, reboots, pauses or suspends a server, or wakes it again.
enum PowerWorkflow {
    /// To save or bring back much memory takes long.
    private static let longTimeout = Duration.seconds(600)

    static func make(_ parts: ConductorParts) -> Workflow<PowerActionState> {
        Workflow(
            WorkflowKindName.power, steps: [power(parts)], deadline: .seconds(600),
            stopReason: { connection, state in try ServerAtWork(state.serverID, connection).stopReason() },
            succeeded: { connection, state, _ in
                try ServerAtWork(state.serverID, connection).end(state.action.serverAction.taskState) { server in
                    if let vmState = state.action.vmState { server.vmState = vmState }
                    switch state.action {
                    case .softDelete: server.deletedAt = try connection.now()
                    case .restore: server.deletedAt = nil
                    default: break
                    }
                    server.powerState = state.powerState
                }
            },
            failed: { connection, state, _, error in
                // The server is as it was; what is wrong shows in its fault and in the workflow's journal.
                try ServerAtWork(state.serverID, connection).fail(error, state.action.serverAction.taskState) {
                    server in
                    if state.action == .rebootHard { server.vmState = .error }
                }
            })
    }

    private static func power(_ parts: ConductorParts) -> Workflow<PowerActionState>.Step {
        .init(
            "power",
            run: { state, context in
                let server = try await parts.server(state.serverID, in: context)
                let host = try parts.host(of: server)
                let image =
                    !state.action.startsGuest ? nil : try await parts.image(of: server, request: context.request)
                var request = ComputePower(
                    context.fence, state.action.onHost,
                    try await parts.instance(server, image: image, on: host, request: context.request))
                request.shutdownTimeout = Int64(parts.shutdownTimeout)
                let isLong = state.action == .suspend || state.action == .resume
                let outcome = try await parts.bus.call(
                    request, to: .host(ComputePower.topic, host), context: context.request,
                    timeout: isLong ? longTimeout : ComputePower.timeout)
                state.powerState = outcome.powerState
            })
    }
}
