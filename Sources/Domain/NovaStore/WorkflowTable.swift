public import NovaCore
public import NovaDatabase
import NovaWire

/// Workflows and their journal, inside one transaction.
public struct WorkflowTable {
    private let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    public func insert(_ workflow: WorkflowRecord) throws { try connection.insert(workflow, into: "workflows") }

    public func find(_ id: WorkflowID) throws -> WorkflowRecord? {
        try connection.record(WorkflowRecord.self, from: "workflows", where: "id = ?", [id.column])
    }

    /// Open workflows that nobody runs and whose time has come; of several for one server only the oldest.
    public func takeable(at now: Timestamp, limit: Int) throws -> [WorkflowID] {
        try connection.rows(
            """
            SELECT id FROM workflows AS w
            WHERE finished_at IS NULL AND retry_at <= ?1 AND (owner IS NULL OR lease_expires_at <= ?1)
              AND NOT EXISTS (
                SELECT 1 FROM workflows AS older WHERE older.server_id = w.server_id AND older.finished_at IS NULL
                  AND (older.created_at, older.id) < (w.created_at, w.id))
            ORDER BY retry_at, created_at LIMIT ?2
            """, [now.column, .integer(Int64(limit))]
        ) { try $0.field(0, as: WorkflowID.self) }
    }

    /// Takes a workflow for an owner when it is free, with a new epoch.
    ///
    /// - Returns: the workflow, nil when it is finished, taken, waiting, or behind an older one of its server.
    public func lease(_ id: WorkflowID, owner: String, until expiry: Timestamp, at now: Timestamp) throws
        -> WorkflowRecord?
    {
        let changed = try connection.execute(
            """
            UPDATE workflows AS w SET owner = ?2, lease_expires_at = ?3, epoch = epoch + 1
            WHERE id = ?1 AND finished_at IS NULL AND retry_at <= ?4 AND (owner IS NULL OR lease_expires_at <= ?4)
              AND NOT EXISTS (
                SELECT 1 FROM workflows AS older WHERE older.server_id = w.server_id AND older.finished_at IS NULL
                  AND (older.created_at, older.id) < (w.created_at, w.id))
            """, [id.column, .text(owner), expiry.column, now.column])
        return changed == 1 ? try find(id) : nil
    }

    /// Keeps all leases of an owner for longer.
    public func extendLeases(of owner: String, until expiry: Timestamp) throws {
        try connection.execute(
            "UPDATE workflows SET lease_expires_at = ? WHERE owner = ? AND finished_at IS NULL",
            [expiry.column, .text(owner)])
    }

    /// Gives one workflow back, to be taken again not before a time.
    public func release(_ id: WorkflowID, epoch: Int64, until time: Timestamp) throws {
        try connection.execute(
            "UPDATE workflows SET owner = NULL, retry_at = ? WHERE id = ? AND epoch = ? AND finished_at IS NULL",
            [time.column, id.column, epoch.column])
    }

    /// Gives up all leases of an owner, at its graceful end.
    public func releaseLeases(of owner: String) throws {
        try connection.execute(
            "UPDATE workflows SET owner = NULL WHERE owner = ? AND finished_at IS NULL", [.text(owner)])
    }

    /// Writes a workflow's progress.
    ///
    /// - Throws: `stale` when another owner has taken it since: whoever gets this stops at once.
    public func save(_ workflow: WorkflowRecord) throws {
        let changed = try connection.execute(
            """
            UPDATE workflows SET state = ?3, step = ?4, retry_at = ?5, attempts = ?6, data = ?7, error = ?8,
              updated_at = ?9, finished_at = ?10, owner = ?11
            WHERE id = ?1 AND epoch = ?2
            """,
            [
                workflow.id.column, workflow.epoch.column, workflow.state.column, workflow.step.column,
                workflow.retryAt.column, workflow.attempts.column, workflow.data.column, workflow.error.column,
                workflow.updatedAt.column, workflow.finishedAt.column, workflow.owner.column,
            ])
        guard changed == 1 else {
            throw NovaError(.stale, "Another conductor runs this workflow now.", details: "workflow \(workflow.id)")
        }
    }

    /// Writes a line of the journal.
    public func journal(_ step: WorkflowStepRecord) throws {
        try connection.upsert(step, into: "workflow_steps", key: ["workflow_id", "position", "name"])
    }

    /// Ends a line of the journal.
    public func closeStep(
        _ id: WorkflowID, position: Int64, name: String, _ state: WorkflowStepRecord.State, error: String?,
        at time: Timestamp = .now()
    ) throws {
        try connection.execute(
            """
            UPDATE workflow_steps SET state = ?4, finished_at = ?5, error = coalesce(?6, error)
            WHERE workflow_id = ?1 AND position = ?2 AND name = ?3
            """, [id.column, position.column, name.column, state.column, time.column, error.column])
    }

    /// A workflow's journal, in order.
    public func journal(of id: WorkflowID) throws -> [WorkflowStepRecord] {
        try connection.records(
            WorkflowStepRecord.self, from: "workflow_steps", where: "workflow_id = ?", [id.column],
            suffix: "ORDER BY started_at, position")
    }

    /// Workflows, newest first: of one server, or all; open ones only when asked so.
    public func list(server: ServerID?, openOnly: Bool, limit: Int) throws -> [WorkflowRecord] {
        var clauses: [String] = ["1"]
        var values: [ColumnValue] = []
        if let server {
            clauses.append("server_id = ?")
            values.append(server.column)
        }
        if openOnly { clauses.append("finished_at IS NULL") }
        return try connection.records(
            WorkflowRecord.self, from: "workflows", where: clauses.joined(separator: " AND "),
            values + [.integer(Int64(limit))], suffix: "ORDER BY created_at DESC LIMIT ?")
    }
}
