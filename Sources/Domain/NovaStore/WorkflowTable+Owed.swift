public import NovaCore
import NovaDatabase
import NovaWire

// What operators and hosts that come back do to open workflows.
extension WorkflowTable {
    /// Owed cleanups, oldest first.
    public func owed(limit: Int) throws -> [WorkflowRecord] {
        try connection.records(
            WorkflowRecord.self, from: "workflows", where: "state = 'owed' AND finished_at IS NULL",
            [.integer(Int64(limit))], suffix: "ORDER BY owed_since LIMIT ?")
    }

    /// The hosts that owe something of a server.
    public func debtors(of id: ServerID) throws -> [String] {
        try list(server: id, openOnly: true, limit: 100).filter { $0.state == .owed }.compactMap(\.owedHost)
    }

    /// Makes the owed cleanups of a host due now.
    ///
    /// - Returns: those that somebody may take.
    public func wakeOwed(by host: String) throws -> [WorkflowID] {
        let ids = try connection.rows(
            "SELECT id FROM workflows WHERE owed_host = ? AND state = 'owed' AND finished_at IS NULL LIMIT 1000",
            [.text(host)]
        ) { try $0.field(0, as: WorkflowID.self) }
        for id in ids {
            try connection.execute(
                "UPDATE workflows SET retry_at = 0 WHERE id = ? AND finished_at IS NULL", [id.column])
        }
        return ids
    }

    /// Makes one open workflow due now.
    ///
    /// - Throws: ``NovaError`` `notFound`, or `conflict` for a finished one.
    public func wake(_ id: WorkflowID) throws {
        _ = try open(id)
        try connection.execute("UPDATE workflows SET retry_at = 0 WHERE id = ? AND finished_at IS NULL", [id.column])
    }

    /// Gives up a host's part of an owed cleanup; the rest of it is due now.
    ///
    /// Whoever tries it at the moment loses it.
    /// - Throws: ``NovaError`` `notFound`, or `conflict` for a workflow that is no owed cleanup.
    public func abandon(_ id: WorkflowID, reason: String) throws {
        guard try open(id).state == .owed else {
            throw NovaError(
                .conflict, "Workflow \(id) owes no cleanup. It ends by itself; only an owed cleanup can be abandoned.")
        }
        try connection.execute(
            """
            UPDATE workflows SET abandoned_reason = ?, retry_at = 0, owner = NULL, epoch = epoch + 1
            WHERE id = ? AND finished_at IS NULL
            """, [.text(reason), id.column])
    }

    private func open(_ id: WorkflowID) throws -> WorkflowRecord {
        guard let record = try find(id) else { throw NovaError(.notFound, "Workflow \(id) could not be found.") }
        guard record.finishedAt == nil else { throw NovaError(.conflict, "Workflow \(id) has ended.") }
        return record
    }
}
