#if DEBUG
import CommonTestKit
public import NovaCore
import NovaDatabase
public import NovaModel
public import NovaStore
import NovaWire

// What nova-api does when it accepts a request: the row and its workflow in one transaction.
extension TestCloud {
    public static let project = ProjectID("project")

    /// Accepts a server of one core on the default network.
    ///
    /// - Parameter host: the host that an administrator asks for.
    @discardableResult
    public func boot(_ id: ServerID = .random(), on host: String? = nil) async throws -> ServerID {
        var server = ServerRecord()
        server.id = id
        server.projectID = Self.project
        server.userID = UserID("user")
        server.name = "server"
        server.hostname = "server"
        server.taskState = .scheduling
        server.requestedNetworks = [RequestedNetwork(.auto)]
        server.createdAt = .now()
        server.updatedAt = server.createdAt
        server.flavor.id = "1"
        server.flavor.name = "tiny"
        (server.flavor.memoryMB, server.flavor.vcpus, server.flavor.rootGB) = (64, 1, 1)
        var state = BuildState()
        state.serverID = server.id
        state.forcedHost = host
        let workflow = WorkflowRecord(
            kind: WorkflowKindName.build, server: server.id, context: .system(), data: state.encoded())
        try await nova.write { [server] connection in
            var server = server
            try ServerTable(connection).insert(&server)
            try WorkflowTable(connection).insert(workflow)
        }
        return server.id
    }

    /// Accepts a deletion.
    public func delete(_ id: ServerID) async throws {
        let workflow = WorkflowRecord(
            kind: WorkflowKindName.delete, server: id, context: .system(), data: DeleteState(id).encoded())
        try await nova.write { connection in
            let table = ServerTable(connection)
            guard let server = try table.find(id), server.taskState != .deleting else { return }
            try table.change(id) { $0.taskState = .deleting }
            try WorkflowTable(connection).insert(workflow)
        }
    }

    /// Accepts a change of the power state.
    public func power(_ id: ServerID, _ action: PowerActionState.Action) async throws {
        try await accept(id, action.serverAction, WorkflowKindName.power, PowerActionState(id, action))
    }

    /// Accepts a rescue.
    public func rescue(_ id: ServerID) async throws {
        try await accept(id, .rescue, WorkflowKindName.rescue, RescueState(id))
    }

    /// Accepts the end of a rescue.
    public func unrescue(_ id: ServerID) async throws {
        try await accept(id, .unrescue, WorkflowKindName.unrescue, RescueState(id))
    }

    /// Accepts a rebuild.
    public func rebuild(_ id: ServerID) async throws {
        var state = RebuildState(id, image: nil)
        state.wasStopped = try await server(id)?.vmState == .stopped
        try await accept(id, .rebuild, WorkflowKindName.rebuild, state)
    }

    /// Accepts a snapshot.
    public func snapshot(_ id: ServerID) async throws {
        var image = SnapshotImage()
        image.id = .random()
        image.owner = Self.project
        try await accept(id, .createImage, WorkflowKindName.snapshot, SnapshotState(id, image))
    }

    /// Accepts another port, as a rule a new one on the default network.
    public func attachInterface(_ id: ServerID, _ wanted: RequestedNetwork = RequestedNetwork(.auto)) async throws {
        let state = AttachInterfaceState(id, wanted)
        try await accept(id, .attachInterface, WorkflowKindName.attachInterface, state)
    }

    /// Accepts that a server loses the last of its ports.
    public func detachInterface(_ id: ServerID) async throws {
        guard let port = try await server(id)?.network.ports.last else {
            throw NovaError(.notFound, "the server has no port")
        }
        try await accept(
            id, .detachInterface, WorkflowKindName.detachInterface, DetachInterfaceState(id, port))
    }

    private func accept(_ id: ServerID, _ action: ServerAction, _ kind: String, _ state: some Record) async throws {
        let workflow = WorkflowRecord(kind: kind, server: id, context: .system(), data: state.encoded())
        try await nova.write { connection in
            try ServerTable(connection).change(id) { server in
                try action.check(server)
                if let task = action.taskState { server.taskState = task }
            }
            try WorkflowTable(connection).insert(workflow)
        }
    }

    /// A server's row, also when it is deleted.
    public func server(_ id: ServerID) async throws -> ServerRecord? {
        try await nova.read { try ServerTable($0).find(id, deleted: true) }
    }

    /// A server's workflows, newest first.
    public func workflows(of id: ServerID) async throws -> [WorkflowRecord] {
        try await nova.read { try WorkflowTable($0).list(server: id, openOnly: false, limit: 100) }
    }

    /// Waits until nothing is done to a server and no workflow of it is open, owed ones perhaps.
    @discardableResult
    public func settle(
        _ id: ServerID, owed: Bool = false, within limit: Duration = .seconds(30)
    ) async throws -> ServerRecord {
        var last = "nothing"
        do {
            try await until("server \(id) is at rest", within: limit) {
                let (server, open) = try await (self.server(id), workflows(of: id).filter { $0.finishedAt == nil })
                let work = open.map {
                    "\($0.kind) \($0.state.rawValue) at \($0.step), owner \($0.owner ?? "-"), "
                        + "attempts \($0.attempts), \($0.owedReason ?? "-")"
                }
                last = "\(server?.vmState.rawValue ?? "-")/\(server?.taskState?.rawValue ?? "-") with \(work)"
                return server?.taskState == nil && open.allSatisfy { owed && $0.state == .owed }
            }
        } catch {
            throw NovaError(error).during("the server is \(last)")
        }
        guard let server = try await server(id) else { throw NovaError(.notFound, "the server's row is gone") }
        return server
    }
}
#endif
