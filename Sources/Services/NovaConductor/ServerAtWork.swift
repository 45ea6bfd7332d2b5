import NovaCore
import NovaDatabase
import NovaModel
import NovaStore
import NovaWorkflow

/// The row of a server that a workflow acts on, inside one transaction: how actions begin, stop and end.
struct ServerAtWork {
    private let id: ServerID
    private let connection: Connection

    init(_ id: ServerID, _ connection: Connection) {
        self.id = id
        self.connection = connection
    }

    /// Why an action should not go on: its server is gone, or is to go.
    func stopReason() throws -> NovaError? {
        guard let server = try ServerTable(connection).find(id), server.taskState != .deleting else {
            return NovaError(.cancelled, "The server was deleted meanwhile.")
        }
        return nil
    }

    /// Shows what is being done now.
    func show(_ task: TaskState) throws {
        try ServerTable(connection).change(id) { if $0.taskState != .deleting { $0.taskState = task } }
    }

    /// Ends an action well.
    ///
    /// - Parameter task: what the server's row shows of it, nil for an action that shows nothing: a task of another action
    ///   stays.
    func end(_ task: TaskState?, _ body: (inout ServerRecord) throws -> Void) throws {
        try ServerTable(connection).change(id) { server in
            try body(&server)
            if server.taskState == task { server.taskState = nil }
        }
    }

    /// Ends an action that failed; a server that is to be deleted is left to its deletion.
    func fail(_ error: NovaError, _ task: TaskState?, _ body: (inout ServerRecord) -> Void = { _ in }) throws {
        try ServerTable(connection).change(id) { server in
            guard server.taskState != .deleting else { return }
            if server.taskState == task { server.taskState = nil }
            server.fault = ServerFault(error, host: server.host ?? "")
            body(&server)
        }
    }

    /// The host of a step that works on the server where it lives.
    func host() throws -> StepHost? {
        guard let host = try ServerTable(connection).find(id)?.host else { return nil }
        return StepHost(host, isDown: try HostTable(connection).isForcedDown(host))
    }
}

extension StepContext {
    /// Marks an RPC as part of this attempt.
    var fence: Fence { Fence(workflow: workflowID, step: position, epoch: epoch, acceptedAt: acceptedAt) }
}

extension ConductorParts {
    /// Where a server lives.
    ///
    /// - Throws: `conflict` when it lives nowhere.
    func host(of server: ServerRecord) throws -> String {
        guard let host = server.host else { throw NovaError(.conflict, "Instance \(server.id) has no host.") }
        return host
    }
}
