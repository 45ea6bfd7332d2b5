public import NovaCore
public import NovaDatabase
public import NovaModel
import NovaWire

/// The history of servers, inside one transaction.
public struct ServerChangeTable {
    private let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    /// Notes that a workflow was accepted, with the server's states at that moment.
    func begin(_ workflow: WorkflowRecord) throws {
        var change = ServerChange()
        change.id = workflow.id
        change.serverID = workflow.serverID
        change.what = workflow.action
        change.who = workflow.context.userID.text
        change.projectID = workflow.context.projectID
        change.requestID = workflow.context.requestID
        change.startedAt = workflow.createdAt
        // A server that is being created was nothing before.
        if workflow.kind != WorkflowKindName.build { change.before = try states(of: workflow.serverID) }
        try connection.insert(change, into: "server_changes")
    }

    /// Notes the states that users see at a workflow's end; what comes later is another change's.
    func end(_ workflow: WorkflowRecord) throws {
        try connection.post(
            "UPDATE server_changes SET finished_at = ?, states_after = ?, why = ? WHERE id = ? AND finished_at IS NULL",
            [
                workflow.updatedAt.column, try states(of: workflow.serverID).column,
                (workflow.error?.message ?? "").column, workflow.id.column,
            ])
    }

    /// Notes a change that no workflow made.
    public func note(
        _ what: String, by who: String, why: String, from before: ServerRecord, to after: ServerRecord,
        at time: Timestamp = .now()
    ) throws {
        var change = ServerChange()
        change.id = .random()
        change.serverID = after.id
        change.what = what
        change.who = who
        change.projectID = after.projectID
        change.why = why
        change.startedAt = time
        change.finishedAt = time
        change.before = ServerStates(before)
        change.after = ServerStates(after)
        try connection.insert(change, into: "server_changes")
    }

    /// A server's history, newest first.
    public func list(of server: ServerID, limit: Int64) throws -> [ServerChange] {
        try connection.records(
            ServerChange.self, from: "server_changes", where: "server_id = ?", [server.column, .integer(limit)],
            suffix: "ORDER BY started_at DESC, id DESC LIMIT ?")
    }

    /// Forgets what happened to servers before a time, some at once.
    ///
    /// - Returns: how many changes were forgotten.
    public func forget(before time: Timestamp, atMost limit: Int64) throws -> Int {
        try connection.execute(
            """
            DELETE FROM server_changes WHERE id IN
            (SELECT id FROM server_changes WHERE finished_at < ? ORDER BY finished_at LIMIT ?)
            """, [time.column, .integer(limit)])
    }

    private func states(of server: ServerID) throws -> ServerStates? {
        try ServerTable(connection).find(server, deleted: true).map(ServerStates.init)
    }
}
