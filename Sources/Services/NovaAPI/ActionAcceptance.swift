import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaStore
import NovaWire

extension APIParts {
    /// Accepts an action: checks the lock and the states of the server as it is then, changes its row and adds the
    /// workflow, all in one transaction; then wakes a conductor.
    ///
    /// - Parameters:
    ///   - admit: checks what else must hold, such as quotas.
    ///   - body: changes the row, which already shows the action's task, and makes the workflow's state.
    /// - Returns: the row.
    @discardableResult
    func accept<State: Record>(
        _ action: ServerAction, _ request: APIRequest, _ kind: String,
        admit: @escaping @Sendable (ServerRecord, Connection) throws -> Void = { _, _ in },
        _ body: @escaping @Sendable (inout ServerRecord) throws -> State
    ) async throws -> ServerRecord {
        let (server, workflow) = try await write(action, request, kind, admit: admit, body)
        wakeConductor(workflow, request.context)
        return server
    }

    /// Accepts an action without waking a conductor, for a caller that has more to do before.
    func write<State: Record>(
        _ action: ServerAction, _ request: APIRequest, _ kind: String,
        admit: @escaping @Sendable (ServerRecord, Connection) throws -> Void = { _, _ in },
        _ body: @escaping @Sendable (inout ServerRecord) throws -> State
    ) async throws -> (ServerRecord, WorkflowID) {
        let context = request.context
        return try await change(action, request) { server, connection in
            _ = try host(of: server)
            try admit(server, connection)
            let state = try body(&server)
            return WorkflowRecord(kind: kind, server: server.id, context: context, data: state.encoded(), now: .now())
        } then: { workflow, connection in
            try WorkflowTable(connection).insert(workflow)
            return workflow.id
        }
    }

    /// Accepts an action whose workflow is begun by the body, in the same transaction; then wakes a conductor.
    ///
    /// - Parameter body: gets the row, which already shows the action's task; its vm_state is what it was.
    func accept(
        _ action: ServerAction, _ request: APIRequest,
        _ body: @escaping @Sendable (ServerRecord, Connection) throws -> WorkflowRecord
    ) async throws {
        let (_, workflow) = try await change(action, request) { server, _ in
            server
        } then: { server, connection in
            try body(server, connection).id
        }
        wakeConductor(workflow, request.context)
    }

    private func change<T: Sendable>(
        _ action: ServerAction, _ request: APIRequest,
        _ body: @escaping @Sendable (inout ServerRecord, Connection) throws -> T,
        then: @escaping @Sendable (T, Connection) throws -> WorkflowID
    ) async throws -> (ServerRecord, WorkflowID) {
        let id = try await server(request).id
        let isAdmin = try request.caller.isAdmin
        return try await database.write { connection in
            var result: T?
            let changed = try ServerTable(connection).change(id) { server in
                try action.checkLock(server, isAdmin: isAdmin)
                try action.check(server)
                try action.checkTPM(server)
                if let task = action.taskState { server.taskState = task }
                result = try body(&server, connection)
            }
            guard let changed, let result else { throw NovaError(.notFound, "Instance \(id) could not be found.") }
            return (changed, try then(result, connection))
        }
    }

    /// Where a server lives.
    ///
    /// - Throws: `conflict` when it has no host yet.
    func host(of server: ServerRecord) throws -> String {
        guard let host = server.host else {
            throw NovaError(.conflict, "Instance \(server.id) is not ready: it has no host yet.")
        }
        return host
    }
}
