import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWorkflow

/// Puts a server away: an image of its disk is kept, and its host is left, at once or later.
enum ShelveWorkflow {
    private static let deadline = Duration.seconds(3600)
    /// The step in which the guest is stopped.
    private static let stopStep: Int64 = 1
    private static let tasks: [TaskState] = [
        .shelving, .shelvingImagePendingUpload, .shelvingImageUploading, .shelvingOffloading,
    ]

    static func shelve(_ parts: ConductorParts) -> Workflow<ShelveState> {
        let making = SnapshotSteps<ShelveState>(parts: parts, host: atHome)
        let steps = [
            making.image { $0.offloads = parts.shelvedOffloadTime == 0 },
            stop(parts),
            making.snapshot(begin: { try ServerAtWork($1.serverID, $0).show(.shelvingImagePendingUpload) }),
            making.upload(
                begin: { try ServerAtWork($1.serverID, $0).show(.shelvingImageUploading) }, commit: shelve),
        ]
        return Workflow(
            WorkflowKindName.shelve, steps: steps + leaving(parts), deadline: deadline, mustFinishFrom: "offload",
            stopReason: { connection, state in try ServerAtWork(state.serverID, connection).stopReason() },
            succeeded: { connection, state, _ in try end(state, connection) },
            failed: { connection, state, record, error in
                try ServerAtWork(state.serverID, connection).fail(error, nil) { server in
                    // Where the guest was stopped, the server is at work until it runs again.
                    if record.step < stopStep { rest(&server) }
                }
            },
            settled: { connection, state in try endLater(&state, connection) },
            stranded: { connection, state in
                try ServerTable(connection).change(state.serverID) { server in
                    guard server.taskState != nil else { return }
                    rest(&server)
                    server.vmState = .stopped
                    server.powerState = .shutdown
                }
            })
    }

    static func offload(_ parts: ConductorParts) -> Workflow<ShelveState> {
        Workflow(
            WorkflowKindName.shelveOffload, steps: leaving(parts), deadline: .seconds(365 * 86_400),
            succeeded: { connection, state, _ in try end(state, connection) },
            failed: { connection, state, _, error in try ServerAtWork(state.serverID, connection).fail(error, nil) },
            settled: { connection, state in try endLater(&state, connection) })
    }

    private static func rest(_ server: inout ServerRecord) {
        if let task = server.taskState, tasks.contains(task) { server.taskState = nil }
    }

    /// The host pays later: what it owes must be known when the row says no more where the server was.
    private static func endLater(_ state: inout ShelveState, _ connection: Connection) throws {
        if state.host == nil, let server = try ServerTable(connection).find(state.serverID) {
            state.host = server.host
            state.network = server.network
        }
        try end(state, connection)
    }

    private static func end(_ state: ShelveState, _ connection: Connection) throws {
        try ServerTable(connection).change(state.serverID) { server in
            if state.offloads, server.vmState == .shelved {
                server.vmState = .shelvedOffloaded
                server.host = nil
                server.node = nil
                server.providerID = nil
                server.powerState = .noState
                if !state.network.ports.isEmpty { server.network = state.network }
            }
            rest(&server)
        }
    }

    // MARK: Steps

    private static func stop(_ parts: ConductorParts) -> Workflow<ShelveState>.Step {
        .init(
            "stop",
            run: { try await power(.stop, &$0, parts, $1) },
            undo: { state, context in
                guard try await parts.isThere(state.serverID), state.formerState == .active else { return }
                try await power(.start, &state, parts, context)
            },
            undone: { connection, state in
                try ServerTable(connection).change(state.serverID) { server in
                    guard server.taskState != .deleting else { return }
                    rest(&server)
                    // What a guest had in its memory when it was paused or suspended is gone.
                    server.vmState = state.formerState == .active ? .active : .stopped
                    server.powerState = state.powerState
                }
            },
            host: atHome)
    }

    private static func power(
        _ action: PowerActionState.Action, _ state: inout ShelveState, _ parts: ConductorParts, _ context: StepContext
    ) async throws {
        let server = try await parts.server(state.serverID, in: context)
        let host = try parts.host(of: server)
        let image = action.startsGuest ? try await parts.image(of: server, request: context.request) : nil
        var request = ComputePower(
            context.fence, action, try await parts.instance(server, image: image, on: host, request: context.request))
        request.shutdownTimeout = Int64(parts.shutdownTimeout)
        state.powerState = try await parts.bus.call(
            request, to: .host(ComputePower.topic, host), context: context.request
        ).powerState
    }

    /// The image is complete: the server is shelved.
    private static func shelve(_ connection: Connection, _ state: ShelveState) throws {
        let now = try connection.now()
        try ServerTable(connection).change(state.serverID) { server in
            var shelved = ShelvedServer()
            shelved.imageID = state.image.id
            shelved.at = now
            shelved.wasStopped = state.formerState == .stopped
            server.shelved = shelved
            server.vmState = .shelved
            server.powerState = state.powerState
            if !state.offloads { rest(&server) }
        }
    }

    /// The host forgets the server, its ports wait unbound, and what it held is given back.
    private static func leaving(_ parts: ConductorParts) -> [Workflow<ShelveState>.Step] {
        [
            .init(
                "offload",
                begin: { connection, state in
                    try ServerTable(connection).change(state.serverID) { server in
                        // An owed cleanup comes here again when users have seen its end.
                        guard state.offloads, server.vmState == .shelved, server.taskState != .deleting else { return }
                        server.taskState = .shelvingOffloading
                    }
                },
                run: { state, context in
                    guard state.offloads else { return }
                    if state.host == nil,
                        let server = try await parts.database.read({ [id = state.serverID] in
                            try ServerTable($0).find(id)
                        })
                    {
                        state.host = server.host
                        state.network = server.network
                    }
                    guard let host = state.host else { return }
                    _ = try await parts.bus.call(
                        ComputeDestroy(context.fence, state.serverID, state.network),
                        to: .host(ComputeDestroy.topic, host), context: context.request)
                },
                host: atHome),
            .init(
                "network",
                run: { state, context in
                    guard state.offloads, try await parts.isThere(state.serverID) else { return }
                    state.network = try await parts.bus.call(
                        BindNetwork(context.fence, state.serverID, host: ""), to: .topic(BindNetwork.topic),
                        context: context.request)
                }),
            .init(
                "placement",
                run: { state, context in
                    guard state.offloads else { return }
                    _ = try await parts.bus.call(
                        PlacementRelease(state.serverID), to: .topic(PlacementRelease.topic), context: context.request)
                }),
        ]
    }

    /// Where the server is; an owed cleanup remembers where it was.
    private static func atHome(_ connection: Connection, _ state: ShelveState) throws -> StepHost? {
        guard let host = state.host else { return try ServerAtWork(state.serverID, connection).host() }
        return StepHost(host, isDown: try HostTable(connection).isForcedDown(host))
    }
}
