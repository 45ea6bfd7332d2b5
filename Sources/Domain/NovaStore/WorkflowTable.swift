public import NovaCore
public import NovaDatabase
import NovaModel
import NovaWire

/// Workflows and their journal, inside one transaction.
///
/// Every time here is the database's: conductors compare what they all read, not their own clocks.
public struct WorkflowTable {
    /// Nobody runs it, and of several workflows of one server it is the oldest; owed ones stand in nobody's way.
    private static let isFree = """
        w.finished_at IS NULL AND w.retry_at <= ?2 AND (w.owner IS NULL OR w.lease_expires_at <= ?2)
          AND (w.state = 'owed' OR NOT EXISTS (
            SELECT 1 FROM workflows AS older WHERE older.server_id = w.server_id AND older.finished_at IS NULL
              AND older.state <> 'owed' AND (older.created_at, older.id) < (w.created_at, w.id)))
        """

    let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    /// Adds a workflow and its beginning to the server's history, younger than all others of its server whatever the clocks say.
    public func insert(_ workflow: WorkflowRecord) throws {
        var workflow = workflow
        // The first of its server has none beside it.
        let newest =
            workflow.kind == WorkflowKindName.build
            ? nil
            : try connection.row(
                "SELECT coalesce(max(created_at), 0) FROM workflows WHERE server_id = ?", [workflow.serverID.column]
            ) { try $0.int(0) }
        let now = try connection.now().microseconds
        let time = Timestamp(microseconds: max(now, (newest ?? 0) &+ 1))
        workflow.createdAt = time
        workflow.updatedAt = time
        try connection.insert(workflow, into: "workflows")
        try ServerChangeTable(connection).begin(workflow)
    }

    public func find(_ id: WorkflowID) throws -> WorkflowRecord? {
        try connection.record(WorkflowRecord.self, from: "workflows", where: "id = ?", [id.column])
    }

    /// Open workflows that nobody runs and whose time has come; of several for one server only the oldest.
    ///
    /// - Parameter owedLimit: the most owed cleanups among them.
    public func takeable(limit: Int, owedLimit: Int) throws -> [WorkflowID] {
        let now = try connection.now().column
        func ids(_ clause: String, _ limit: Int) throws -> [WorkflowID] {
            try connection.rows(
                """
                SELECT w.id FROM workflows AS w WHERE \(clause) AND \(Self.isFree)
                ORDER BY w.retry_at, w.created_at LIMIT ?1
                """, [.integer(Int64(limit)), now]
            ) { try $0.field(0, as: WorkflowID.self) }
        }
        let owed = try ids("w.state = 'owed'", max(0, min(limit, owedLimit)))
        return owed + (try ids("w.state <> 'owed'", limit - owed.count))
    }

    /// Takes a workflow for an owner when it is free, with a new epoch.
    ///
    /// - Parameter alsoOwed: false refuses an owed cleanup.
    /// - Returns: the workflow, nil when it is finished, taken, waiting, or behind an older one of its server.
    public func lease(
        _ id: WorkflowID, owner: String, for duration: Duration, alsoOwed: Bool = true
    ) throws -> TakenWorkflow? {
        guard let before = try find(id), alsoOwed || before.state != .owed else { return nil }
        let now = try connection.now()
        let changed = try connection.execute(
            """
            UPDATE workflows AS w SET owner = ?3, lease_expires_at = ?4, epoch = epoch + 1, updated_at = ?2
            WHERE w.id = ?1 AND w.epoch = ?5 AND \(Self.isFree)
            """, [id.column, now.column, .text(owner), now.adding(duration).column, before.epoch.column])
        guard changed == 1 else { return nil }
        var record = before
        record.owner = owner
        record.leaseExpiresAt = now.adding(duration)
        record.epoch &+= 1
        record.updatedAt = now
        return TakenWorkflow(record: record, lostOwner: before.owner)
    }

    /// Keeps one lease for longer.
    ///
    /// - Returns: false when it is no longer this owner's in this epoch.
    public func extendLease(_ id: WorkflowID, epoch: Int64, owner: String, for duration: Duration) throws -> Bool {
        let expiry = try connection.now().adding(duration)
        return try connection.execute(
            """
            UPDATE workflows SET lease_expires_at = ?
            WHERE id = ? AND epoch = ? AND owner = ? AND finished_at IS NULL
            """, [expiry.column, id.column, epoch.column, .text(owner)]) == 1
    }

    /// Gives one workflow back, to be taken again after a pause.
    public func release(_ id: WorkflowID, epoch: Int64, pause: Duration) throws {
        let time = try connection.now().adding(pause)
        try connection.execute(
            "UPDATE workflows SET owner = NULL, retry_at = ? WHERE id = ? AND epoch = ? AND finished_at IS NULL",
            [time.column, id.column, epoch.column])
    }

    /// Lets nobody take a free one for a while.
    public func postpone(_ id: WorkflowID, pause: Duration) throws {
        let now = try connection.now()
        try connection.execute(
            "UPDATE workflows AS w SET retry_at = ?3 WHERE w.id = ?1 AND \(Self.isFree)",
            [id.column, now.column, now.adding(pause).column])
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
              updated_at = ?9, finished_at = ?10, owner = ?11, stuck_since = ?12, owed_host = ?13, owed_reason = ?14,
              owed_since = ?15
            WHERE id = ?1 AND epoch = ?2
            """,
            [
                workflow.id.column, workflow.epoch.column, workflow.state.column, workflow.step.column,
                workflow.retryAt.column, workflow.attempts.column, workflow.data.column, workflow.error.column,
                workflow.updatedAt.column, workflow.finishedAt.column, workflow.owner.column,
                workflow.stuckSince.column, workflow.owedHost.column, workflow.owedReason.column,
                workflow.owedSince.column,
            ])
        guard changed == 1 else {
            throw NovaError(.stale, "Another conductor runs this workflow now.", details: "workflow \(workflow.id)")
        }
        if workflow.finishedAt != nil || workflow.state == .owed { try ServerChangeTable(connection).end(workflow) }
    }

    /// Workflows, newest first: of one server, or all; open ones only when asked so.
    public func list(server: ServerID?, openOnly: Bool, limit: Int) throws -> [WorkflowRecord] {
        var clauses: [String] = ["TRUE"]
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

/// A workflow that somebody has just taken.
public struct TakenWorkflow: Sendable {
    public var record: WorkflowRecord
    /// Who had it and never gave it back until the lease ran out; nil when nobody had it.
    public var lostOwner: String?
}
