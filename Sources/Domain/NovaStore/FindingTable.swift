public import NovaCore
public import NovaDatabase
public import NovaModel
import NovaWire

/// What reconcilers have found, and how their last runs went, inside one transaction.
public struct FindingTable {
    private let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    /// What is found or suspected, oldest first; with what has been healed of late when asked so.
    public func list(reconciler: String? = nil, healed: Bool = false, limit: Int64 = 10_000) throws -> [Finding] {
        var clauses: [String] = []
        var values: [ColumnValue] = []
        if !healed { clauses.append("healed_at IS NULL") }
        if let reconciler {
            clauses.append("reconciler = ?")
            values.append(.text(reconciler))
        }
        return try connection.records(
            Finding.self, from: "findings", where: clauses.isEmpty ? "1 = 1" : clauses.joined(separator: " AND "),
            values + [.integer(limit)], suffix: "ORDER BY first_seen, kind, object LIMIT ?")
    }

    public func save(_ finding: Finding) throws {
        try connection.upsert(finding, into: "findings", key: ["kind", "object", "host"])
    }

    public func remove(_ finding: Finding) throws {
        try connection.execute(
            "DELETE FROM findings WHERE kind = ? AND object = ? AND host = ?",
            [.text(finding.kind), .text(finding.object), .text(finding.host)])
    }

    /// Forgets what was healed before a time.
    public func forget(healedBefore time: Timestamp) throws {
        try connection.execute("DELETE FROM findings WHERE healed_at < ?", [time.column])
    }

    /// How the reconcilers' last runs went, by name.
    public func statuses() throws -> [ReconcilerStatus] {
        try connection.records(ReconcilerStatus.self, from: "reconcilers", where: "1 = 1", suffix: "ORDER BY name")
    }

    public func save(_ status: ReconcilerStatus) throws {
        try connection.upsert(status, into: "reconcilers", key: ["name"])
    }
}
