public import NovaCore
public import NovaDatabase
import NovaWire

/// Leases on work that one conductor of the cloud does at a time, inside one transaction.
public struct TaskLeaseTable {
    private let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    /// Takes a lease that is free or has expired, or keeps one's own for longer.
    ///
    /// - Returns: whether it is the owner's now.
    public func take(_ name: String, owner: String, until expiry: Timestamp, at now: Timestamp) throws -> Bool {
        try connection.execute(
            """
            INSERT INTO task_leases (name, owner, expires_at) VALUES (?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at
            WHERE task_leases.owner = excluded.owner OR task_leases.expires_at <= ?
            """, [.text(name), .text(owner), expiry.column, now.column]) > 0
    }

    /// Gives a lease back.
    public func release(_ name: String, owner: String) throws {
        try connection.execute("DELETE FROM task_leases WHERE name = ? AND owner = ?", [.text(name), .text(owner)])
    }
}
