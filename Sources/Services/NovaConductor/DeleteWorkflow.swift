import NovaCore
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWorkflow

/// Removes a server and all that was made for it.
///
/// Its steps cannot fail for good: what a daemon that is away still owes is asked for again until it is done.
enum DeleteWorkflow {
    static func make(_ parts: ConductorParts) -> Workflow<DeleteState> {
        Workflow(
            WorkflowKindName.delete, steps: [destroy(parts), network(parts), placement(parts)],
            deadline: .seconds(365 * 86_400),
            succeeded: { connection, state, _ in
                try ServerTable(connection).change(state.serverID) { server in
                    let now = Timestamp.now()
                    server.vmState = .deleted
                    server.taskState = nil
                    server.powerState = .noState
                    server.isDeleted = true
                    server.deletedAt = now
                    server.terminatedAt = now
                }
            },
            failed: { connection, state, _, error in
                try ServerTable(connection).change(state.serverID) { server in
                    server.vmState = .error
                    server.taskState = nil
                    server.fault = ServerFault(error, host: server.host ?? "")
                }
            })
    }

    private static func destroy(_ parts: ConductorParts) -> Workflow<DeleteState>.Step {
        .init(
            "destroy",
            run: { state, context in
                let server = try await parts.server(state.serverID)
                guard let host = server.host else { return }
                _ = try await parts.bus.call(
                    ComputeDestroy(fence(context), server.id, server.network), to: .host(ComputeDestroy.topic, host),
                    context: context.request)
            })
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
