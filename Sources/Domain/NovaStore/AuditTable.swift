public import NovaCore
public import NovaDatabase
public import NovaModel
import NovaWire

/// What reconcilers read of servers and workflows, and what they set right there, inside one transaction.
public struct AuditTable {
    private let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    /// Servers that are not deleted, by id, from one on.
    public func servers(after id: ServerID, limit: Int64) throws -> [ServerFacts] {
        try connection.rows(
            """
            SELECT id, project_id, user_id, vm_state, task_state, power_state, flavor, host, provider_id, network,
                updated_at
            FROM servers WHERE is_deleted = 0 AND id > ? ORDER BY id LIMIT ?
            """, [id.column, .integer(limit)]
        ) { row in
            var server = ServerFacts()
            server.id = try row.field(0)
            server.projectID = try row.field(1)
            server.userID = try row.field(2)
            server.vmState = try row.field(3)
            server.taskState = try row.field(4)
            server.powerState = try row.field(5)
            server.flavor = try row.field(6)
            server.host = try row.field(7)
            server.providerID = try row.field(8)
            server.network = try row.field(9)
            server.updatedAt = try row.field(10)
            return server
        }
    }

    /// Workflows that are not finished, oldest first.
    public func openWorkflows() throws -> [WorkflowFacts] {
        try connection.rows(
            """
            SELECT id, kind, server_id, state, owner, lease_expires_at, retry_at, created_at, updated_at
            FROM workflows WHERE finished_at IS NULL ORDER BY created_at, id
            """
        ) { row in
            var workflow = WorkflowFacts()
            workflow.id = try row.field(0)
            workflow.kind = try row.text(1)
            workflow.serverID = try row.field(2)
            workflow.state = try row.text(3)
            workflow.owner = try row.optionalText(4)
            workflow.leaseExpiresAt = try row.field(5)
            workflow.retryAt = try row.field(6)
            workflow.createdAt = try row.field(7)
            workflow.updatedAt = try row.field(8)
            return workflow
        }
    }

    /// Moves that are not over: by their ids as consumers, their servers.
    ///
    /// A move that has failed is over only when its workflow is.
    public func moves() throws -> [ServerID: ServerID] {
        let rows = try connection.rows(
            """
            SELECT id, server_id FROM migrations
            WHERE status NOT IN ('confirmed', 'reverted', 'error', 'failed', 'completed', 'cancelled', 'done')
            UNION SELECT id, server_id FROM migrations
            WHERE server_id IN (SELECT server_id FROM workflows WHERE finished_at IS NULL)
            """
        ) { (try $0.field(0, as: MigrationID.self).consumer, try $0.field(1, as: ServerID.self)) }
        return Dictionary(rows) { first, _ in first }
    }

    /// When a server was deleted; nil when it was not, or is not known.
    public func deletion(of id: ServerID) throws -> Timestamp? {
        try connection.row("SELECT updated_at FROM servers WHERE id = ? AND is_deleted = 1", [id.column]) {
            try $0.field(0, as: Timestamp.self)
        }
    }

    /// Whether a workflow of a server is open.
    public func hasOpenWorkflow(_ id: ServerID) throws -> Bool {
        try connection.row(
            "SELECT 1 FROM workflows WHERE server_id = ? AND finished_at IS NULL LIMIT 1", [id.column]
        ) { try $0.int(0) } != nil
    }

    /// Makes an open workflow takeable by any conductor at once, unless somebody holds it now.
    ///
    /// Its owner's name stays: whoever takes it sees that it was never given back.
    /// - Returns: whether it was.
    public func free(_ id: WorkflowID) throws -> Bool {
        let now = try connection.now()
        return try connection.execute(
            """
            UPDATE workflows SET retry_at = ?
            WHERE id = ? AND finished_at IS NULL AND (owner IS NULL OR lease_expires_at <= ?)
            """, [now.column, id.column, now.column]) > 0
    }

    /// Forgets a daemon that has not reported since a time.
    public func removeService(_ id: ServiceID, silentSince time: Timestamp) throws -> Bool {
        try connection.execute(
            "DELETE FROM services WHERE id = ? AND updated_at <= ?", [id.column, time.column]) > 0
    }
}
