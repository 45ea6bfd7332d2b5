public import NovaCore
public import NovaWire

/// One open connection, lent to the closures of ``Database/read(_:)`` and ``Database/write(_:)``.
///
/// It must not leave them. The SQL is what SQLite and PostgreSQL share, with `?` or `?1` for values.
public final class Connection {
    let session: any Session
    var columnNames: [ObjectIdentifier: [String]] = [:]
    /// What reads rows of a record from a table, up to its condition.
    var selections: [Selection: String] = [:]

    struct Selection: Hashable {
        let type: ObjectIdentifier
        let table: String
    }

    /// What ``remembered(_:_:)`` has made since the database has changed last.
    private var remembered: (edition: Int64, values: [String: any Sendable]) = (0, [:])
    private static let rememberedLimit = 16

    /// Rows of records that the transaction has read or written, by table and key.
    private var rowsInHand: [RowKey: any Sendable] = [:]
    private static let rowsInHandLimit = 32

    private struct RowKey: Hashable {
        let table: String
        let key: ColumnValue
    }

    init(_ session: any Session) { self.session = session }

    /// Told before each closure: it runs in a new transaction, or after one that may have been undone.
    func beginClosure() {
        rowsInHand = [:]
        session.forgetExpected()
    }

    /// Runs one statement.
    ///
    /// A closure that goes on after a failed statement is undone as a whole: PostgreSQL knows no other way.
    ///
    /// - Returns: how many rows it inserted, updated or deleted.
    /// - Throws: ``NovaError``: `conflict` for a broken unique or foreign key, `noSpace`, `unavailable`, `internal`,
    ///   `badRequest` for a text with U+0000.
    @discardableResult
    public func execute(_ sql: String, _ values: [ColumnValue] = []) throws -> Int {
        try Self.check(values)
        letGo(of: sql)
        return try session.execute(sql, values)
    }

    /// Runs one statement when nobody counts its rows, not later than the next one or the end of the transaction.
    ///
    /// To PostgreSQL it goes together with what follows, so what ``execute(_:_:)`` would throw may be thrown there, or by
    /// ``Database/write(_:)`` itself; see ``settle()``.
    public func post(_ sql: String, _ values: [ColumnValue] = []) throws {
        try Self.check(values)
        letGo(of: sql)
        try session.post(sql, values)
    }

    /// Runs what was posted, for closures that want to know here what comes of it.
    public func settle() throws { try session.settle() }

    /// The rows of a query, each through `map`.
    @inlinable
    public func rows<T>(_ sql: String, _ values: [ColumnValue] = [], _ map: (Row) throws -> T) throws -> [T] {
        var result: [T] = []
        try query(sql, values) { row in
            result.append(try map(row))
            return true
        }
        return result
    }

    /// The first row of a query through `map`, nil when there is none.
    @inlinable
    public func row<T>(_ sql: String, _ values: [ColumnValue] = [], _ map: (Row) throws -> T) throws -> T? {
        var result: T?
        try query(sql, values) { row in
            result = try map(row)
            return false
        }
        return result
    }

    /// Gives the body one row after the other, until it says false.
    @usableFromInline
    func query(_ sql: String, _ values: [ColumnValue], _ body: (Row) throws -> Bool) throws {
        try Self.check(values)
        try session.query(sql, values, body)
    }

    /// Says that the closure will run this very query.
    ///
    /// PostgreSQL is asked for all that is expected together with the next question; SQLite has no way that this would save.
    /// An answer is forgotten when something is written.
    public func expect(_ sql: String, _ values: [ColumnValue]) throws {
        try Self.check(values)
        try session.expect(sql, values)
    }

    /// Says that the closure will ask for these rows, by ``records(_:from:where:_:suffix:)`` or the like with the same words.
    public func expect<R: Record>(
        _ type: R.Type, from table: String, where clause: String = "TRUE", _ values: [ColumnValue] = [],
        suffix: String = ""
    ) throws {
        try expect(selection(type, table, clause, suffix), values)
    }

    /// The row of a record that has a key, nil when there is none.
    ///
    /// What the transaction has read or written by key already it does not read again: nobody else's change would show.
    ///
    /// - Parameter key: the column that is the table's key.
    public func keyed<R: Record & Sendable>(
        _ type: R.Type, in table: String, key: String = "id", _ value: ColumnValue
    ) throws -> R? {
        if let known = rowsInHand[RowKey(table: table, key: value)] as? R { return known }
        let found = try record(R.self, from: table, where: "\(key) = ?", [value])
        if let found { hold(found, RowKey(table: table, key: value)) }
        return found
    }

    /// Says that the closure will ask for a row by its key, as ``expect(_:from:where:_:suffix:)`` does.
    public func expectKeyed<R: Record>(
        _ type: R.Type, in table: String, key: String = "id", _ value: ColumnValue
    ) throws {
        try expect(R.self, from: table, where: "\(key) = ?", [value])
    }

    /// Writes in what a row differs from the one that ``keyed(_:in:key:_:)`` gave, as ``post(_:_:)`` does.
    public func postChange<R: Record & Sendable>(
        of before: R, to record: R, in table: String, key: String = "id", _ value: ColumnValue,
        derived: [(name: String, value: ColumnValue)] = []
    ) throws {
        let statement = try updating(
            record.columns, since: before.columns, columns(of: R.self), in: table, key: key, derived)
        if let statement { try post(statement.sql, statement.values) }
        hold(record, RowKey(table: table, key: value))
    }

    private func hold(_ record: any Sendable, _ key: RowKey) {
        if rowsInHand.count >= Self.rowsInHandLimit { rowsInHand = [:] }
        rowsInHand[key] = record
    }

    /// Rows of a table that a statement names may be others after it.
    private func letGo(of sql: String) {
        guard !rowsInHand.isEmpty else { return }
        rowsInHand = rowsInHand.filter { !Self.contains(sql, $0.key.table) }
    }

    /// Byte by byte: `String.contains(_:)` compares characters, which took a tenth of a short transaction.
    private static func contains(_ sql: String, _ name: String) -> Bool {
        guard let first = name.utf8.first else { return true }
        var rest = sql.utf8[...]
        while let place = rest.firstIndex(of: first) {
            if rest[place...].starts(with: name.utf8) { return true }
            rest = rest[rest.index(after: place)...]
        }
        return false
    }

    /// The time by the clock that all users of the database share: leases are measured by it.
    ///
    /// The server's clock on PostgreSQL; on SQLite the machine's, in whole milliseconds as SQLite tells it.
    public func now() throws -> Timestamp { try session.now() }

    /// What a closure makes of rows, and made anew only after the database has changed, by whatever process.
    ///
    /// Where nobody can tell whether it has, as on PostgreSQL, it is made each time.
    ///
    /// - Parameter name: all that it is made of beside the rows.
    public func remembered<T: Sendable>(_ name: String, _ make: () throws -> T) throws -> T {
        guard let edition = try session.edition() else { return try make() }
        if edition != remembered.edition { remembered = (edition, [:]) }
        if let value = remembered.values[name] as? T { return value }
        let value = try make()
        if remembered.values.count >= Self.rememberedLimit { remembered.values = [:] }
        remembered.values[name] = value
        return value
    }

    /// Gives some of the space of deleted rows back to the disk; in a write only.
    public func reclaimSpace() throws { try session.reclaimSpace() }

    /// PostgreSQL's texts end at U+0000; what one database refuses the other must not take.
    private static func check(_ values: [ColumnValue]) throws {
        for case .text(let text) in values where text.utf8.contains(0) {
            throw NovaError(.badRequest, "A text contains the character U+0000, which a database cannot keep.")
        }
    }
}
