import CSQLite
import Glibc
import NovaCore
public import NovaWire

/// One open connection, lent to the closures of ``Database/read(_:)`` and ``Database/write(_:)``.
///
/// It must not leave them.
public final class Connection {
    /// The most statements kept prepared; the least recently used goes first.
    static let cacheLimit = 256

    let handle: OpaquePointer
    /// Whether statements that write are refused.
    var isReadOnly = false
    private var statements: [String: Statement] = [:]
    private var uses: UInt64 = 0
    var columnNames: [ObjectIdentifier: [String]] = [:]
    private(set) var prepared = 0

    /// Opens a file (made when it is missing, readable by its owner only) or `:memory:`.
    init(path: String) throws {
        if path != ":memory:" { try Self.makeFile(path) }
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            let error = SQLiteFailure.error(code, opened)
            sqlite3_close_v2(opened)
            throw error.during("opening \(path)")
        }
        handle = opened
    }

    deinit {
        statements.removeAll()
        sqlite3_close_v2(handle)
    }

    /// Makes a file that is missing, as SQLite would give it the umask's permissions.
    ///
    /// Never by opening it: whoever closes a file loses all POSIX locks of the process on it, those of the connections
    /// that are open already too. Another process that closes its last connection would then take the file for unused
    /// and remove the write-ahead log under them.
    private static func makeFile(_ path: String) throws {
        guard mknod(path, S_IFREG | 0o600, 0) != 0, errno != EEXIST || access(path, R_OK | W_OK) != 0 else { return }
        throw NovaError(
            errno == ENOSPC ? .noSpace : .unavailable, "The database file cannot be opened for writing.",
            details: "\(path): \(String(cString: strerror(errno)))")
    }

    /// Sets what every connection of ours has: waits of at most 5 s for a lock, foreign keys, durable commits.
    func configure() throws {
        sqlite3_busy_timeout(handle, 5000)
        try script(
            """
            PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;
            PRAGMA cache_size = -8000; PRAGMA journal_size_limit = 67108864; PRAGMA trusted_schema = OFF;
            """)
    }

    /// Whether no transaction is open.
    var isAutocommit: Bool { sqlite3_get_autocommit(handle) != 0 }

    /// Runs several statements without values, and ignores their rows.
    func script(_ sql: String) throws {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw SQLiteFailure.error(code, handle, sql: sql) }
    }

    /// Runs one statement.
    ///
    /// - Returns: how many rows it inserted, updated or deleted.
    /// - Throws: ``NovaError``: `conflict` for a broken unique or foreign key, `noSpace`, `unavailable`, `internal`.
    @discardableResult
    public func execute(_ sql: String, _ values: [ColumnValue] = []) throws -> Int {
        try using(sql, values) { statement in
            while try statement.step(on: handle) {}
            return statement.isReadOnly ? 0 : Int(sqlite3_changes(handle))
        }
    }

    /// The rows of a query, each through `map`.
    public func rows<T>(_ sql: String, _ values: [ColumnValue] = [], _ map: (Row) throws -> T) throws -> [T] {
        try using(sql, values) { statement in
            var result: [T] = []
            let row = Row(statement.handle)
            while try statement.step(on: handle) { result.append(try map(row)) }
            return result
        }
    }

    /// The first row of a query through `map`, nil when there is none.
    public func row<T>(_ sql: String, _ values: [ColumnValue] = [], _ map: (Row) throws -> T) throws -> T? {
        try using(sql, values) { statement in
            guard try statement.step(on: handle) else { return nil }
            return try map(Row(statement.handle))
        }
    }

    /// The row id of the last row that this connection inserted.
    public var lastInsertedRowID: Int64 { sqlite3_last_insert_rowid(handle) }

    private func using<T>(_ sql: String, _ values: [ColumnValue], _ body: (Statement) throws -> T) throws -> T {
        let statement = try statement(for: sql)
        guard !isReadOnly || statement.isReadOnly else {
            throw NovaError(.internal, "A database statement failed.", details: "a write in a read: \(sql.prefix(200))")
        }
        statement.isInUse = true
        defer {
            statement.reset()
            statement.isInUse = false
        }
        try statement.bind(values, on: handle)
        return try body(statement)
    }

    private func statement(for sql: String) throws -> Statement {
        uses += 1
        if let cached = statements[sql], !cached.isInUse {
            cached.lastUse = uses
            return cached
        }
        let fresh = try Statement(sql, on: handle)
        prepared += 1
        fresh.lastUse = uses
        guard statements[sql] == nil else { return fresh }
        if statements.count >= Self.cacheLimit {
            let oldest = statements.values.filter { !$0.isInUse }.min { $0.lastUse < $1.lastUse }
            if let oldest { statements[oldest.sql] = nil }
        }
        statements[sql] = fresh
        return fresh
    }
}
