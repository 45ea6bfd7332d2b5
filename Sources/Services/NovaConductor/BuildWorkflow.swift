import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWorkflow

/// Makes a server: a host, its ports, the instance.
enum BuildWorkflow {
    static func make(_ parts: ConductorParts) -> Workflow<BuildState> {
        Workflow(
            WorkflowKindName.build, steps: [schedule(parts), network(parts), build(parts)],
            deadline: parts.buildDeadline,
            stopReason: { connection, state in
                guard let server = try ServerTable(connection).find(state.serverID), server.taskState != .deleting
                else {
                    return NovaError(.cancelled, "The server was deleted while it was being built.")
                }
                return nil
            },
            succeeded: { connection, state, _ in
                try ServerTable(connection).change(state.serverID) { server in
                    server.vmState = .active
                    server.powerState = state.powerState
                    server.progress = 100
                    server.launchedAt = .now()
                    if server.taskState != .deleting { server.taskState = nil }
                }
            },
            failed: { connection, state, _, error in
                try ServerTable(connection).change(state.serverID) { server in
                    guard server.taskState != .deleting else { return }
                    server.vmState = .error
                    server.taskState = nil
                    server.fault = ServerFault(error, host: state.selected?.host ?? "")
                }
            })
    }

    /// Finds a host and claims its resources.
    private static func schedule(_ parts: ConductorParts) -> Workflow<BuildState>.Step {
        .init(
            "schedule",
            begin: { try setTask(.scheduling, $1, $0) },
            run: { state, context in
                let server = try await parts.server(state.serverID, in: context)
                var request = try await parts.request(for: server, hints: state.hints)
                request.image = state.image
                request.forcedHost = state.forcedHost
                request.ignoredHosts = state.ignoredHosts
                request.requestedHost = state.requestedHost
                state.selected = try await parts.choose(
                    request, tried: state.ignoredHosts, cause: state.lastFailure, context,
                    explanation: &state.explanation)
            },
            commit: { connection, state in
                try ExplanationTable(connection).save(state.explanation, of: state.serverID)
                try ServerTable(connection).change(state.serverID) { server in
                    if let group = server.serverGroupID, let host = state.selected?.host {
                        // Another member may have got a host since the scheduler was asked: then this one gets none,
                        // which the next step sees.
                        guard try ServerGroupTable(connection).admits(server.id, to: host, group: group) else { return }
                    }
                    server.host = state.selected?.host
                    server.node = state.selected?.node
                    server.providerID = state.selected?.providerID
                }
            },
            undo: { state, context in
                _ = try await parts.bus.call(
                    PlacementRelease(state.serverID), to: .topic(PlacementRelease.topic), context: context.request)
                state.selected = nil
            },
            undone: { connection, state in
                try ExplanationTable(connection).save(state.explanation, of: state.serverID)
                try ServerTable(connection).change(state.serverID) { server in
                    server.host = nil
                    server.node = nil
                    server.providerID = nil
                }
            })
    }

    /// Addresses, ports, DHCP.
    private static func network(_ parts: ConductorParts) -> Workflow<BuildState>.Step {
        .init(
            "network",
            begin: { try setTask(.networking, $1, $0) },
            run: { state, context in
                let server = try await parts.server(state.serverID, in: context)
                guard server.host == state.selected?.host else { throw SchedulingHints.lateConflict }
                guard !server.requestedNetworks.isEmpty else { return }
                var request = AllocateNetwork()
                request.fence = context.fence
                request.serverID = server.id
                request.projectID = server.projectID
                request.hostname = server.hostname
                request.host = state.selected?.host ?? ""
                request.networks = server.requestedNetworks
                state.network = try await parts.bus.call(
                    request, to: .topic(AllocateNetwork.topic), context: context.request)
            },
            commit: { connection, state in
                try ServerTable(connection).change(state.serverID) { $0.network = state.network }
            },
            undo: { state, context in
                _ = try await parts.bus.call(
                    ReleaseNetwork(context.fence, state.serverID), to: .topic(ReleaseNetwork.topic),
                    context: context.request)
                state.network = NetworkInfo()
            },
            undone: { connection, state in
                try ServerTable(connection).change(state.serverID) { $0.network = NetworkInfo() }
            },
            onFailure: { error, state in
                SchedulingHints.response(to: error, isForced: state.forcedHost != nil) ?? .undo
            })
    }

    /// The instance itself; a host that fails is left for another one.
    private static func build(_ parts: ConductorParts) -> Workflow<BuildState>.Step {
        .init(
            "build",
            begin: { try setTask(.spawning, $1, $0) },
            run: { state, context in
                let server = try await parts.server(state.serverID, in: context)
                guard let host = state.selected?.host else {
                    throw NovaError(.internal, "The server has no host.", details: "build without a selection")
                }
                let instance = try await parts.instance(server, image: state.image, on: host, request: context.request)
                let outcome = try await parts.bus.call(
                    ComputeBuild(context.fence, instance), to: .host(ComputeBuild.topic, host),
                    context: context.request)
                state.powerState = outcome.powerState
            },
            undo: { state, context in
                guard let host = state.selected?.host else { return }
                _ = try await parts.bus.call(
                    ComputeDestroy(context.fence, state.serverID, state.network),
                    to: .host(ComputeDestroy.topic, host),
                    context: context.request)
            },
            host: { connection, state in
                try state.selected.map { StepHost($0.host, isDown: try HostTable(connection).isForcedDown($0.host)) }
            },
            onFailure: { error, state in
                guard ConductorParts.isHostFailure(error), let host = state.selected?.host, state.forcedHost == nil,
                    state.ignoredHosts.count + 1 < parts.maxAttempts
                else { return .undo }
                state.ignoredHosts.append(host)
                state.lastFailure = error.message
                return .restart
            })
    }

    private static func setTask(_ task: TaskState, _ state: BuildState, _ connection: Connection) throws {
        try ServerTable(connection).change(state.serverID) { $0.taskState = task }
    }
}
