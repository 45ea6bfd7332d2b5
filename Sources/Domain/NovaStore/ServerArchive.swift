public import NovaCore
public import NovaDatabase
import NovaSchema
import NovaWire

/// Takes servers that were deleted long ago out of the database, with their workflows, journal and explanations.
///
/// So that a cloud that makes and deletes servers for years keeps a database of the same size.
public enum ServerArchive {
    /// Servers in one transaction: some milliseconds for the writer.
    static let batch = 100

    /// Tables with a server's rows, those that refer to others first, and the rows of so many servers.
    private static let tables: [(name: String, rows: String)] = [
        ("workflow_steps", "workflow_id IN (SELECT id FROM workflows WHERE server_id IN (%))"),
        ("workflows", "server_id IN (%)"), ("explanations", "server_id IN (%)"), ("server_changes", "server_id IN (%)"),
        ("server_files", "server_id IN (%)"), ("migrations", "server_id IN (%)"), ("drain_moves", "server_id IN (%)"),
        ("servers", "id IN (%)"),
    ]

    /// Archives the servers that were deleted before a time and whose workflows have all ended.
    ///
    /// - Parameters:
    ///   - file: gets the rows as lines of JSON before they are removed; lines may come twice when the process dies in
    ///     between. Nil keeps no copy.
    ///   - permit: asked in each transaction that removes rows; what it throws ends the run.
    /// - Returns: how many servers were archived.
    @discardableResult
    public static func run(
        on database: Database, deletedBefore time: Timestamp, to file: ArchiveFile?,
        permit: @escaping @Sendable (Connection) throws -> Void = { _ in }
    ) async throws -> Int {
        var count = 0
        while true {
            let ids = try await database.scan { connection in
                let ids = try candidates(connection, time)
                // On the reader's own thread, which may block.
                if let file, !ids.isEmpty { try file.append(lines(connection, ids)) }
                return ids
            }
            guard !ids.isEmpty else { return count }
            let removed = try await database.write { connection in
                try permit(connection)
                // What has come into use since it was read is left alone.
                let still = try connection.rows(
                    "SELECT id FROM servers WHERE \(condition) AND \(clause("id IN (%)", ids))", [time.column] + ids
                ) { $0.value(0) }
                guard !still.isEmpty else { return 0 }
                for table in tables {
                    try connection.execute("DELETE FROM \(table.name) WHERE \(clause(table.rows, still))", still)
                }
                try connection.reclaimSpace()
                return still.count
            }
            guard removed > 0 else { return count }
            count += removed
        }
    }

    /// Servers deleted before a time, with all their workflows ended.
    private static let condition = """
        is_deleted = 1 AND deleted_at < ? AND NOT EXISTS (
            SELECT 1 FROM workflows WHERE server_id = servers.id AND finished_at IS NULL)
        """

    private static func candidates(_ connection: Connection, _ time: Timestamp) throws -> [ColumnValue] {
        try connection.rows(
            "SELECT id FROM servers WHERE \(condition) LIMIT ?", [time.column, .integer(Int64(batch))]
        ) { $0.value(0) }
    }

    private static func clause(_ rows: String, _ ids: [ColumnValue]) -> String {
        rows.replacing("%", with: repeatElement("?", count: ids.count).joined(separator: ", "))
    }

    private static func lines(_ connection: Connection, _ ids: [ColumnValue]) throws -> [String] {
        try tables.reversed().flatMap { table in
            try connection.rows("SELECT * FROM \(table.name) WHERE \(clause(table.rows, ids))", ids) { row in
                let fields = (0..<row.count).map { (row.name(of: $0), json(row.value($0))) }
                return JSONValue.object(["table": .string(table.name), "row": .object(JSONObject(fields))]).text
            }
        }
    }

    /// Bytes as `{"hex": …}`: the wire form of lists and records.
    private static func json(_ value: ColumnValue) -> JSONValue {
        switch value {
        case .null: .null
        case .integer(let number): .integer(number)
        case .real(let number): .number(number)
        case .text(let text): .string(text)
        case .blob(let bytes): .object(["hex": .string(Hex.encode(bytes))])
        }
    }
}
