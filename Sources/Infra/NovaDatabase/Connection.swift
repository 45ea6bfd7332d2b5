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

    init(_ session: any Session) { self.session = session }

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
        return try session.execute(sql, values)
    }

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
