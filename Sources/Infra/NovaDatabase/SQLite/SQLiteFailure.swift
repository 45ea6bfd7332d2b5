import CSQLite
import NovaCore

/// SQLite's result codes as errors that say what to do.
enum SQLiteFailure {
    /// The error of a result code; `handle` gives SQLite's own text for the operator.
    static func error(_ code: Int32, _ handle: OpaquePointer?, sql: String = "") -> NovaError {
        let text =
            handle.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) } ?? String(cString: sqlite3_errstr(code))
        var details = "SQLite \(code): \(text)"
        if !sql.isEmpty { details += " in: \(sql.prefix(200))" }
        if let handle, code & 0xFF == SQLITE_IOERR || code & 0xFF == SQLITE_CANTOPEN {
            details += " (errno \(sqlite3_system_errno(handle)))"
        }
        return error(code, details: details)
    }

    private static func error(_ code: Int32, details: String) -> NovaError {
        switch code & 0xFF {
        case SQLITE_CONSTRAINT: constraint(code, details: details)
        case SQLITE_FULL:
            NovaError(
                .noSpace, "The database's disk is full. Free space on it, then repeat the request.", details: details)
        case SQLITE_BUSY, SQLITE_LOCKED:
            NovaError(.unavailable, "The database is busy. Repeat the request.", details: details)
        case SQLITE_IOERR:
            NovaError(.unavailable, "The database's disk failed to read or write.", details: details)
        case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_READONLY, SQLITE_AUTH:
            NovaError(.unavailable, "The database file cannot be opened for writing.", details: details)
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            NovaError(.internal, "The database file is damaged. Restore it from a backup.", details: details)
        case SQLITE_TOOBIG:
            NovaError(.tooLarge, "A value is too large for the database.", details: details)
        default: NovaError(.internal, "A database statement failed.", details: details)
        }
    }

    private static func constraint(_ code: Int32, details: String) -> NovaError {
        // The extended codes are macros of shifted values, which Swift does not import.
        let unique: [Int32] = [8, 6, 10].map { SQLITE_CONSTRAINT | $0 << 8 }
        let foreignKey = SQLITE_CONSTRAINT | 3 << 8
        if unique.contains(code) { return NovaError(.conflict, "Such an entry exists already.", details: details) }
        if code == foreignKey {
            return NovaError(.conflict, "The entry is in use, or refers to one that does not exist.", details: details)
        }
        return NovaError(.internal, "A value breaks a rule of the database.", details: details)
    }
}
