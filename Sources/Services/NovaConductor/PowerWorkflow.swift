import NovaCore
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWorkflow

/// Starts, stops or reboots a server.
enum PowerWorkflow {
    static func make(_ parts: ConductorParts) -> Workflow<PowerActionState> {
        Workflow(
            WorkflowKindName.power, steps: [power(parts)], deadline: .seconds(600),
            stopReason: { connection, state in
                guard let server = try ServerTable(connection).find(state.serverID), server.taskState != .deleting
                else {
                    return NovaError(.cancelled, "The server was deleted meanwhile.")
                }
                return nil
            },
            succeeded: { connection, state, _ in
                try ServerTable(connection).change(state.serverID) { server in
                    server.vmState = state.action == .stop ? .stopped : .active
                    server.powerState = state.powerState
                    if server.taskState != .deleting { server.taskState = nil }
                }
            },
            failed: { connection, state, _, error in
                try ServerTable(connection).change(state.serverID) { server in
                    guard server.taskState != .deleting else { return }
                    // The server is as it was; what is wrong shows in its fault and in the workflow's journal.
                    server.taskState = nil
                    if state.action == .rebootHard { server.vmState = .error }
                    server.fault = ServerFault(error, host: server.host ?? "")
                }
            })
    }

    private static func power(_ parts: ConductorParts) -> Workflow<PowerActionState>.Step {
        .init(
            "power",
            run: { state, context in
                let server = try await parts.server(state.serverID)
                guard let host = server.host else {
                    throw NovaError(.conflict, "Instance \(server.id) has no host.")
                }
                let fence = Fence(workflow: context.workflowID, step: context.position, epoch: context.epoch)
                let action: ComputePower.Action =
                    switch state.action {
                    case .start: .start
                    case .stop: .stop
                    case .rebootSoft: .rebootSoft
                    case .rebootHard: .rebootHard
                    }
                let image = action == .stop ? nil : try await parts.image(of: server, request: context.request)
                var request = ComputePower(
                    fence, action, try await parts.instance(server, image: image, on: host, request: context.request))
                request.shutdownTimeout = Int64(parts.shutdownTimeout)
                let outcome = try await parts.bus.call(
                    request, to: .host(ComputePower.topic, host), context: context.request)
                state.powerState = outcome.powerState
            })
    }
}
