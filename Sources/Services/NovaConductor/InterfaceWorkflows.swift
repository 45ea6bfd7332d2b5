import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWorkflow

/// Gives a server another port, or takes one from it, also while it runs.
enum InterfaceWorkflows {
    private static let deadline = Duration.seconds(300)

    static func attach(_ parts: ConductorParts) -> Workflow<AttachInterfaceState> {
        Workflow(
            WorkflowKindName.attachInterface, steps: [port(parts), attach(parts)], deadline: deadline,
            stopReason: { connection, state in try ServerAtWork(state.serverID, connection).stopReason() },
            succeeded: { _, _, _ in },
            failed: { connection, state, _, error in try ServerAtWork(state.serverID, connection).fail(error, nil) })
    }

    static func detach(_ parts: ConductorParts) -> Workflow<DetachInterfaceState> {
        Workflow(
            WorkflowKindName.detachInterface, steps: [detach(parts), free(parts)], deadline: deadline,
            mustFinishFrom: "port",
            stopReason: { connection, state in try ServerAtWork(state.serverID, connection).stopReason() },
            succeeded: { _, _, _ in },
            failed: { connection, state, _, error in try ServerAtWork(state.serverID, connection).fail(error, nil) },
            // The server has lost the port already; that it is freed is the network service's affair.
            settled: { _, _ in })
    }

    // MARK: Attaching

    /// The port is the server's.
    private static func port(_ parts: ConductorParts) -> Workflow<AttachInterfaceState>.Step {
        .init(
            "port",
            run: { state, context in
                let server = try await parts.server(state.serverID, in: context)
                try state.check(server)
                var request = AttachPort()
                request.fence = context.fence
                request.serverID = server.id
                request.projectID = server.projectID
                request.hostname = server.hostname
                request.host = try parts.host(of: server)
                request.wanted = state.wanted
                request.newPortID = state.newPortID
                state.port = try await parts.bus.call(
                    request, to: .topic(AttachPort.topic), context: context.request)
            },
            undo: { state, context in
                // What users see as the server's port is not of this workflow: it has undone its own.
                let server = try await parts.database.read { [state] in try ServerTable($0).find(state.serverID) }
                guard server?.network.has(state.portID) != true else { return }
                _ = try await parts.bus.call(
                    DetachPort(context.fence, state.serverID, state.portID), to: .topic(DetachPort.topic),
                    context: context.request)
                state.port = nil
            })
    }

    /// The guest has the device.
    private static func attach(_ parts: ConductorParts) -> Workflow<AttachInterfaceState>.Step {
        .init(
            "attach",
            run: { state, context in
                guard let port = state.port else {
                    throw NovaError(.internal, "There is no port to attach.", details: "attach without a port")
                }
                try await add(port, to: state.serverID, parts, context)
            },
            commit: { connection, state in
                guard let port = state.port else { return }
                try show(port, isThere: true, state.serverID, connection)
            },
            undo: { state, context in
                guard let port = state.port else { return }
                try await ifPossible { try await take(port, from: state.serverID, parts, context) }
            },
            undone: { connection, state in
                guard let port = state.port else { return }
                try show(port, isThere: false, state.serverID, connection)
            },
            host: { connection, state in try ServerAtWork(state.serverID, connection).host() })
    }

    // MARK: Detaching

    /// The guest has the device no more; when that fails it has it as before.
    private static func detach(_ parts: ConductorParts) -> Workflow<DetachInterfaceState>.Step {
        .init(
            "detach",
            run: { state, context in try await take(state.port, from: state.serverID, parts, context) },
            commit: { connection, state in
                try show(state.port, isThere: false, state.serverID, connection)
            },
            undo: { state, context in
                try await ifPossible { try await add(state.port, to: state.serverID, parts, context) }
            },
            undone: { connection, state in
                try show(state.port, isThere: true, state.serverID, connection)
            },
            host: { connection, state in try ServerAtWork(state.serverID, connection).host() })
    }

    private static func free(_ parts: ConductorParts) -> Workflow<DetachInterfaceState>.Step {
        .init(
            "port",
            run: { state, context in
                _ = try await parts.bus.call(
                    DetachPort(context.fence, state.serverID, state.port.portID), to: .topic(DetachPort.topic),
                    context: context.request)
            })
    }

    // MARK: Both

    private static func add(
        _ port: PortBinding, to id: ServerID, _ parts: ConductorParts, _ context: StepContext
    ) async throws {
        let (instance, host) = try await instance(id, parts, context)
        _ = try await parts.bus.call(
            ComputeAttachInterface(context.fence, instance, port), to: .host(ComputeAttachInterface.topic, host),
            context: context.request)
    }

    private static func take(
        _ port: PortBinding, from id: ServerID, _ parts: ConductorParts, _ context: StepContext
    ) async throws {
        let (instance, host) = try await instance(id, parts, context)
        _ = try await parts.bus.call(
            ComputeDetachInterface(context.fence, instance, port), to: .host(ComputeDetachInterface.topic, host),
            context: context.request)
    }

    private static func instance(
        _ id: ServerID, _ parts: ConductorParts, _ context: StepContext
    ) async throws -> (InstanceSpec, host: String) {
        let server = try await parts.server(id, in: context)
        let host = try parts.host(of: server)
        let image = try await parts.image(of: server, request: context.request)
        return (try await parts.instance(server, image: image, on: host, request: context.request), host)
    }

    /// A host that cannot do it has not done it, and an instance that is not there has nothing.
    private static func ifPossible(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as NovaError where error.code == .notImplemented || error.code == .notFound {
            return
        }
    }

    /// Users see the port among the server's, or see it no more.
    private static func show(
        _ port: PortBinding, isThere: Bool, _ id: ServerID, _ connection: Connection
    ) throws {
        try ServerTable(connection).change(id) { server in
            let place = server.network.ports.firstIndex { $0.portID == port.portID }
            switch (place, isThere) {
            case (nil, true): server.network.ports.append(port)
            case (let place?, false): server.network.ports.remove(at: place)
            default: break
            }
        }
    }
}
