import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWorkflow

/// Brings a shelved server back: where it still is, or on a new host from the image of its disk, which then goes.
enum UnshelveWorkflow {
    typealias Step = Workflow<UnshelveState>.Step

    private static let tasks: [TaskState] = [.unshelving, .spawning, .poweringOn, .networking]

    static func make(_ parts: ConductorParts) -> Workflow<UnshelveState> {
        Workflow(
            WorkflowKindName.unshelve, steps: [schedule(parts), network(parts), start(parts), image(parts)],
            deadline: parts.buildDeadline, mustFinishFrom: "image",
            stopReason: { connection, state in try ServerAtWork(state.serverID, connection).stopReason() },
            succeeded: { _, _, _ in },
            failed: { connection, state, _, error in
                try ServerAtWork(state.serverID, connection).fail(error, nil) { server in
                    server.availabilityZone = state.formerZone
                    if state.wasOffloaded { leave(&server) }
                    rest(&server)
                }
            },
            settled: { _, _ in })
    }

    private static func rest(_ server: inout ServerRecord) {
        if let task = server.taskState, tasks.contains(task) { server.taskState = nil }
    }

    /// The server lives on no host.
    private static func leave(_ server: inout ServerRecord) {
        server.host = nil
        server.node = nil
        server.providerID = nil
    }

    private static func schedule(_ parts: ConductorParts) -> Step {
        .init(
            "schedule",
            run: { state, context in
                guard state.wasOffloaded else { return }
                var request = try await parts.request(for: try await parts.server(state.serverID, in: context))
                request.requestedHost = state.requestedHost
                request.ignoredHosts = state.ignoredHosts + (try await parts.indebtedHosts(of: state.serverID))
                state.selected = try await parts.choose(
                    request, tried: state.ignoredHosts, context, explanation: &state.explanation)
            },
            commit: { connection, state in
                try ExplanationTable(connection).save(state.explanation, of: state.serverID)
                guard let selected = state.selected else { return }
                try ServerTable(connection).change(state.serverID) { server in
                    // As for a build: the next step sees when another member of the group came first.
                    if let group = server.serverGroupID,
                        try !ServerGroupTable(connection).admits(server.id, to: selected.host, group: group)
                    {
                        return
                    }
                    server.host = selected.host
                    server.node = selected.node
                    server.providerID = selected.providerID
                }
            },
            undo: { state, context in
                guard state.wasOffloaded else { return }
                _ = try await parts.bus.call(
                    PlacementRelease(state.serverID), to: .topic(PlacementRelease.topic), context: context.request)
                state.selected = nil
            },
            undone: { connection, state in
                guard state.wasOffloaded else { return }
                try ServerTable(connection).change(state.serverID) { leave(&$0) }
            })
    }

    private static func network(_ parts: ConductorParts) -> Step {
        .init(
            "network",
            run: { state, context in
                let server = try await parts.server(state.serverID, in: context)
                if state.wasOffloaded, server.host != state.selected?.host {
                    throw SchedulingHints.lateConflict
                }
                try await bind(&state, to: state.selected?.host, parts, context)
            },
            undo: { try await bind(&$0, to: $0.wasOffloaded ? "" : nil, parts, $1) },
            onFailure: { error, _ in SchedulingHints.response(to: error, isForced: false) ?? .undo })
    }

    private static func bind(
        _ state: inout UnshelveState, to host: String?, _ parts: ConductorParts, _ context: StepContext
    ) async throws {
        guard let host, try await parts.isThere(state.serverID) else { return }
        state.network = try await parts.bus.call(
            BindNetwork(context.fence, state.serverID, host: host), to: .topic(BindNetwork.topic),
            context: context.request)
    }

    private static func start(_ parts: ConductorParts) -> Step {
        .init(
            "start",
            begin: { try ServerAtWork($1.serverID, $0).show($1.wasOffloaded ? .spawning : .poweringOn) },
            run: { state, context in
                state.powerState =
                    state.wasOffloaded
                    ? try await spawn(state, parts, context) : try await power(.start, state, parts, context)
            },
            commit: { connection, state in
                try ServerTable(connection).change(state.serverID) { server in
                    if let selected = state.selected {
                        server.host = selected.host
                        server.node = selected.node
                        server.providerID = selected.providerID
                        server.launchedAt = .now()
                    }
                    if !state.network.ports.isEmpty { server.network = state.network }
                    server.vmState = .active
                    server.powerState = state.powerState
                    server.shelved = nil
                    rest(&server)
                }
            },
            undo: { state, context in
                guard state.wasOffloaded else {
                    guard try await parts.isThere(state.serverID) else { return }
                    _ = try await power(.stop, state, parts, context)
                    return
                }
                guard let host = state.selected?.host else { return }
                _ = try await parts.bus.call(
                    ComputeDestroy(context.fence, state.serverID, state.network),
                    to: .host(ComputeDestroy.topic, host), context: context.request)
            },
            host: { connection, state in
                guard let selected = state.selected else { return try ServerAtWork(state.serverID, connection).host() }
                return try StepHost(selected, connection)
            },
            onFailure: { error, state in
                guard ConductorParts.isHostFailure(error), let host = state.selected?.host,
                    state.requestedHost == nil, state.ignoredHosts.count + 1 < parts.maxAttempts
                else { return .undo }
                state.ignoredHosts.append(host)
                return .restart
            })
    }

    private static func spawn(
        _ state: UnshelveState, _ parts: ConductorParts, _ context: StepContext
    ) async throws -> PowerState {
        var server = try await parts.server(state.serverID, in: context)
        if !state.network.ports.isEmpty { server.network = state.network }
        guard let host = state.selected?.host else {
            throw NovaError(.internal, "The server has no host.", details: "unshelve without a selection")
        }
        let image = try await parts.bus.call(
            DescribeImage(state.shelved.imageID, project: server.projectID, isAdmin: true),
            to: .topic(DescribeImage.topic), context: context.request)
        let instance = try await parts.instance(server, image: image, on: host, request: context.request)
        return try await parts.bus.call(
            ComputeBuild(context.fence, instance), to: .host(ComputeBuild.topic, host), context: context.request
        ).powerState
    }

    private static func power(
        _ action: PowerActionState.Action, _ state: UnshelveState, _ parts: ConductorParts, _ context: StepContext
    ) async throws -> PowerState {
        let server = try await parts.server(state.serverID, in: context)
        let host = try parts.host(of: server)
        let image = action.startsGuest ? try await parts.image(of: server, request: context.request) : nil
        var request = ComputePower(
            context.fence, action, try await parts.instance(server, image: image, on: host, request: context.request))
        request.shutdownTimeout = Int64(parts.shutdownTimeout)
        return try await parts.bus.call(
            request, to: .host(ComputePower.topic, host), context: context.request
        ).powerState
    }

    private static func image(_ parts: ConductorParts) -> Step {
        .init(
            "image",
            run: { state, context in
                _ = try await parts.bus.call(
                    DiscardImage(state.shelved.imageID), to: .topic(DiscardImage.topic), context: context.request)
            })
    }
}
