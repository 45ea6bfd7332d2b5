public import NovaCore
public import NovaWire

// Rows of records. Column names are qualified or stand where only a column may, as SQLite takes a quoted name that
// it does not know for a text.
extension Connection {
    /// Adds a record as a row of a table with the record's columns, as ``post(_:_:)`` does.
    ///
    /// - Parameter derived: further columns, whose values follow from the record's, for queries.
    @inlinable
    public func insert<R: Record>(
        _ record: R, into table: String, derived: [(name: String, value: ColumnValue)] = []
    ) throws {
        try insert(record.columns, columns(of: R.self), into: table, derived)
    }

    @usableFromInline
    func insert(
        _ values: [ColumnValue], _ columns: [String], into table: String,
        _ derived: [(name: String, value: ColumnValue)]
    ) throws {
        let names = columns + derived.map(\.name)
        try post("INSERT INTO \"\(table)\" \(Self.valueList(names))", values + derived.map(\.value))
    }

    /// Adds a record, or updates the row that has the same key columns, as ``post(_:_:)`` does.
    ///
    /// The key needs a unique index.
    public func upsert<R: Record>(_ record: R, into table: String, key: [String]) throws {
        let names = columns(of: R.self)
        let changes = names.filter { !key.contains($0) }.map { "\"\($0)\" = excluded.\"\($0)\"" }.joined(
            separator: ", ")
        let keys = key.map { "\"\($0)\"" }.joined(separator: ", ")
        let action = changes.isEmpty ? "NOTHING" : "UPDATE SET \(changes)"
        try post(
            "INSERT INTO \"\(table)\" \(Self.valueList(names)) ON CONFLICT (\(keys)) DO \(action)", record.columns)
    }

    /// Writes the row with the same key: all columns, or only those in which it differs from what it was.
    ///
    /// A column that is not written costs nothing, its indexes least of all.
    ///
    /// - Parameters:
    ///   - before: the row as it is in the same transaction; nil writes all columns.
    ///   - derived: further columns, whose values follow from the record's.
    /// - Returns: how many rows it wrote.
    @discardableResult
    @inlinable
    public func update<R: Record>(
        _ record: R, since before: R? = nil, in table: String, key: String,
        derived: [(name: String, value: ColumnValue)] = []
    ) throws -> Int {
        let statement = try updating(
            record.columns, since: before?.columns ?? [], columns(of: R.self), in: table, key: key, derived)
        return try statement.map { try execute($0.sql, $0.values) } ?? 0
    }

    /// The statement that writes a row; nil when nothing of it differs.
    @usableFromInline
    func updating(
        _ values: [ColumnValue], since old: [ColumnValue], _ names: [String], in table: String, key: String,
        _ derived: [(name: String, value: ColumnValue)]
    ) throws -> (sql: String, values: [ColumnValue])? {
        guard let position = names.firstIndex(of: key), position < values.count else {
            throw NovaError(.internal, "A database statement failed.", details: "\(table) has no column \(key)")
        }
        let written = names.indices.filter { $0 >= old.count || old[$0] != values[$0] }
        let changes = (written.map { names[$0] } + derived.map(\.name)).map { "\"\($0)\" = ?" }
        guard !changes.isEmpty else { return nil }
        return (
            "UPDATE \"\(table)\" SET \(changes.joined(separator: ", ")) WHERE \"\(table)\".\"\(key)\" = ?",
            written.map { values[$0] } + derived.map(\.value) + [values[position]]
        )
    }

    /// The rows of a table as records.
    ///
    /// - Parameters:
    ///   - clause: the SQL condition, with `?` for each of `values`.
    ///   - suffix: what follows it, such as `ORDER BY id LIMIT 10`.
    /// - Throws: ``NovaError`` `internal`, naming the table, for a row that is no such record.
    @inlinable
    public func records<R: Record>(
        _ type: R.Type, from table: String, where clause: String = "TRUE", _ values: [ColumnValue] = [],
        suffix: String = ""
    ) throws -> [R] {
        var result: [R] = []
        try forEachRecord(type, from: table, where: clause, values, suffix: suffix) { result.append($0) }
        return result
    }

    /// Gives the body the rows of a table as records, one by one: of a long list no more than one is in memory.
    @inlinable
    public func forEachRecord<R: Record>(
        _ type: R.Type, from table: String, where clause: String = "TRUE", _ values: [ColumnValue] = [],
        suffix: String = "", _ body: (R) throws -> Void
    ) throws {
        // Rows of a list are much alike: what stands as in the row before is neither copied nor decoded again.
        var record = R()
        var former = FormerRow()
        try query(selection(type, table, clause, suffix), values) { row in
            try Self.read(&record, table) { former.change(row, $0) }
            try body(record)
            return true
        }
    }

    /// The first row of a table as a record, nil when there is none.
    @inlinable
    public func record<R: Record>(
        _ type: R.Type, from table: String, where clause: String = "TRUE", _ values: [ColumnValue] = [],
        suffix: String = ""
    ) throws -> R? {
        try row(selection(type, table, clause, suffix), values) { try Self.record(R.self, $0, table) }
    }

    @usableFromInline
    func columns<R: Record>(of type: R.Type) -> [String] {
        if let known = columnNames[ObjectIdentifier(type)] { return known }
        let names = type.columnNames
        columnNames[ObjectIdentifier(type)] = names
        return names
    }

    private static func valueList(_ names: [String]) -> String {
        let columns = names.map { "\"\($0)\"" }.joined(separator: ", ")
        return "(\(columns)) VALUES (\(repeatElement("?", count: names.count).joined(separator: ", ")))"
    }

    @usableFromInline
    func selection<R: Record>(_ type: R.Type, _ table: String, _ clause: String, _ suffix: String) -> String {
        let key = Selection(type: ObjectIdentifier(type), table: table)
        if let start = selections[key] { return "\(start)\(clause) \(suffix)" }
        let names = columns(of: type).map { "\"\(table)\".\"\($0)\"" }.joined(separator: ", ")
        let start = "SELECT \(names) FROM \"\(table)\" WHERE "
        selections[key] = start
        return "\(start)\(clause) \(suffix)"
    }

    @inlinable
    static func record<R: Record>(_ type: R.Type, _ row: Row, _ table: String) throws -> R {
        var record = R()
        try read(&record, table) { row.value($0) }
        return record
    }

    /// Takes the columns for which there is a value into a record.
    @inlinable
    static func read<R: Record>(_ record: inout R, _ table: String, _ value: (Int) -> ColumnValue?) throws {
        var index = -1
        do throws(WireError) {
            try record.read {
                index += 1
                return value(index)
            }
        } catch {
            throw NovaError(
                .internal, "A row of the database is damaged.", details: "table \(table), column \(index): \(error)")
        }
    }
}
