import CSQLite
import Glibc
import NovaCore
import NovaWire

/// One open SQLite connection with its prepared statements.
final class SQLiteSession: Session {
    /// The most statements kept prepared; the least recently used goes first.
    static let cacheLimit = 256

    let handle: OpaquePointer
    var isReadOnly = false
    /// Whether all changes come from other connections.
    private let onlyReads: Bool
    private var statements: [String: SQLiteStatement] = [:]
    private var uses: UInt64 = 0
    private(set) var prepared = 0

    /// Opens a file (made when it is missing, readable by its owner only) or `:memory:`.
    init(path: String, onlyReads: Bool = false) throws {
        self.onlyReads = onlyReads
        isReadOnly = onlyReads
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
    ///
    /// Space that deletions free is given back in steps; a file that was made without it keeps its way.
    func configure() throws {
        sqlite3_busy_timeout(handle, 5000)
        try script(
            """
            PRAGMA auto_vacuum = INCREMENTAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
            PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000; PRAGMA journal_size_limit = 67108864;
            PRAGMA trusted_schema = OFF;
            """)
    }

    var isAutocommit: Bool { sqlite3_get_autocommit(handle) != 0 }

    func script(_ sql: String) throws {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw SQLiteFailure.error(code, handle, sql: sql) }
    }

    func execute(_ sql: String, _ values: [ColumnValue]) throws -> Int {
        try using(sql, values) { statement in
            while try statement.step(on: handle) {}
            return statement.isReadOnly ? 0 : Int(sqlite3_changes(handle))
        }
    }

    /// There is no way to a server that could be saved.
    func post(_ sql: String, _ values: [ColumnValue]) throws { _ = try execute(sql, values) }
    func settle() {}

    /// Runs one statement without values.
    func run(_ sql: String) throws { _ = try execute(sql, []) }

    func query(_ sql: String, _ values: [ColumnValue], _ body: (Row) throws -> Bool) throws {
        try using(sql, values) { statement in
            let row = Row(statement)
            while try statement.step(on: handle), try body(row) {}
        }
    }

    func now() throws -> Timestamp {
        #if DEBUG
        if let time = VirtualTime.current {
            return Timestamp(microseconds: time.timestamp.microseconds / 1000 &* 1000)
        }
        #endif
        // Days with fractions: exact to some 40 microseconds, and SQLite's clock ticks in milliseconds.
        var milliseconds: Int64 = 0
        try query("SELECT CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)", []) { row in
            milliseconds = try row.int(0)
            return false
        }
        return Timestamp(microseconds: milliseconds &* 1000)
    }

    func edition() throws -> Int64? { onlyReads ? try number("PRAGMA data_version") : nil }

    /// Pages that one step gives back: it takes milliseconds.
    private static let reclaimedPages = 256

    func reclaimSpace() throws { try run("PRAGMA incremental_vacuum(\(Self.reclaimedPages))") }

    private func using<T>(_ sql: String, _ values: [ColumnValue], _ body: (SQLiteStatement) throws -> T) throws -> T {
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

    private func statement(for sql: String) throws -> SQLiteStatement {
        uses += 1
        if let cached = statements[sql], !cached.isInUse {
            cached.lastUse = uses
            return cached
        }
        let fresh = try SQLiteStatement(sql, on: handle)
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

// MARK: Schema

extension SQLiteSession {
    func beginSchemaChange(_ schema: DatabaseSchema) throws {
        // A migration may rebuild a table that others refer to; the check at the end replaces the constraints meanwhile.
        try script("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE")
    }

    func schemaState(_ schema: DatabaseSchema) throws -> SchemaState {
        let version = Int(try number("PRAGMA user_version"))
        let owner = try number("PRAGMA application_id")
        if version == 0 {
            let objects = try number("SELECT count(*) FROM sqlite_master")
            return SchemaState(version: 0, stranger: objects == 0 ? nil : "it has tables but no version")
        }
        return SchemaState(
            version: version, stranger: owner == schema.applicationID ? nil : "application_id \(owner)")
    }

    func apply(_ text: SchemaText) throws { try script(text.lines(for: .sqlite)) }

    func mark(_ schema: DatabaseSchema) throws {
        let broken = try danglingReferences()
        guard broken.isEmpty else {
            throw NovaError(
                .internal, "The database could not be brought to this version.",
                details: "\(schema.name): dangling references in \(broken.joined(separator: ", "))")
        }
        try script("PRAGMA application_id = \(schema.applicationID); PRAGMA user_version = \(schema.version)")
    }

    func commitSchemaChange() throws { try script("COMMIT; PRAGMA foreign_keys = ON") }

    /// The tables with rows that refer to rows that do not exist.
    func danglingReferences() throws -> [String] {
        var tables: Set<String> = []
        try query("PRAGMA foreign_key_check", []) { row in
            tables.insert(try row.text(0))
            return true
        }
        return tables.sorted()
    }

    func number(_ sql: String) throws -> Int64 {
        var value: Int64 = 0
        try query(sql, []) { row in
            value = try row.int(0)
            return false
        }
        return value
    }
}
