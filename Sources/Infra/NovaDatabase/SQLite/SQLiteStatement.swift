import CSQLite
import NovaCore
import NovaWire

/// One prepared statement; owned by one connection and used on its thread only.
final class SQLiteStatement {
    let handle: OpaquePointer
    let sql: String
    /// Set while its rows are being read: the same text again then needs a second statement.
    var isInUse = false
    var lastUse: UInt64 = 0

    init(_ sql: String, on database: OpaquePointer) throws {
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared else {
            throw SQLiteFailure.error(code == SQLITE_OK ? SQLITE_MISUSE : code, database, sql: sql)
        }
        handle = prepared
        self.sql = sql
    }

    deinit { sqlite3_finalize(handle) }

    var isReadOnly: Bool { sqlite3_stmt_readonly(handle) != 0 }

    func bind(_ values: [ColumnValue], on database: OpaquePointer) throws {
        guard Int(sqlite3_bind_parameter_count(handle)) == values.count else {
            throw NovaError(
                .internal, "A database statement failed.",
                details:
                    "\(values.count) values for \(sqlite3_bind_parameter_count(handle)) parameters in: \(sql.prefix(200))"
            )
        }
        for (index, value) in values.enumerated() {
            let position = Int32(index + 1)
            let code: Int32
            switch value {
            case .null: code = sqlite3_bind_null(handle, position)
            case .integer(let number): code = sqlite3_bind_int64(handle, position, number)
            case .real(let number): code = sqlite3_bind_double(handle, position, number)
            case .text(var text):
                code = text.withUTF8 { utf8 in
                    utf8.withMemoryRebound(to: CChar.self) { bytes in
                        // A nil base would bind NULL instead of the empty text.
                        guard let base = bytes.baseAddress else {
                            return nova_sqlite_bind_text(handle, position, "", 0)
                        }
                        return nova_sqlite_bind_text(handle, position, base, sqlite3_uint64(bytes.count))
                    }
                }
            case .blob(let bytes):
                code = bytes.withUnsafeBytes { raw in
                    guard let base = raw.baseAddress, !raw.isEmpty else {
                        return sqlite3_bind_zeroblob(handle, position, 0)
                    }
                    return nova_sqlite_bind_blob(handle, position, base, sqlite3_uint64(raw.count))
                }
            }
            guard code == SQLITE_OK else { throw SQLiteFailure.error(code, database, sql: sql) }
        }
    }

    /// Goes to the next row; false at the end.
    func step(on database: OpaquePointer) throws -> Bool {
        let code = sqlite3_step(handle)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw SQLiteFailure.error(code, database, sql: sql)
        }
    }

    func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }
}
