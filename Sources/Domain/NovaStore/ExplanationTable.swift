public import NovaCore
public import NovaDatabase
public import NovaModel
import NovaWire

/// Why each server landed where it did, inside one transaction.
public struct ExplanationTable {
    private let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    public func find(_ server: ServerID) throws -> SchedulingExplanation? {
        try connection.row("SELECT record FROM explanations WHERE server_id = ?", [server.column]) {
            try $0.field(0, as: SchedulingExplanation.self)
        }
    }

    /// Keeps the newest explanation of a server; nil leaves the one that is there.
    public func save(_ explanation: SchedulingExplanation?, of server: ServerID) throws {
        guard let explanation else { return }
        try connection.post(
            """
            INSERT INTO explanations (server_id, record) VALUES (?, ?)
            ON CONFLICT (server_id) DO UPDATE SET record = excluded.record
            """, [server.column, explanation.column])
    }
}
