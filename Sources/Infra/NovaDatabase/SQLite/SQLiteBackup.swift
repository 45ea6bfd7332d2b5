import CSQLite
import Glibc
import NovaCore
import NovaWire

/// Copies of SQLite databases that others have open.
enum SQLiteBackup {
    /// Writes a compact copy of the database as it is at one moment.
    static func write(_ path: String, to file: String) throws {
        guard access(path, R_OK) == 0 else {
            throw NovaError(.notFound, "There is no database \(path).", details: String(cString: strerror(errno)))
        }
        guard access(file, F_OK) != 0 else { throw NovaError(.badRequest, "\(file) exists already.") }
        let session = try SQLiteSession(path: path)
        try session.configure()
        // Under another name until it is whole and on the disk.
        let part = "\(file).part"
        unlink(part)
        _ = try session.execute("VACUUM INTO ?", [.text(part)])
        chmod(part, 0o600)
        try sync(part)
        guard rename(part, file) == 0 else {
            throw NovaError(
                .unavailable, "The backup cannot be named \(file).", details: String(cString: strerror(errno)))
        }
    }

    /// Puts a copy's content in place of a database's; services that have it open see it at their next transaction.
    static func restore(_ path: String, from file: String, _ schema: DatabaseSchema) throws {
        guard access(file, R_OK) == 0 else { throw NovaError(.notFound, "There is no backup \(file).") }
        let source = try SQLiteSession(path: file)
        let state = try source.schemaState(schema)
        guard state.version > 0, state.stranger == nil else {
            throw NovaError(.badRequest, "\(file) is no backup of \(schema.name).", details: state.stranger ?? "empty")
        }
        guard state.version <= schema.version else {
            throw NovaError(.badRequest, "\(file) was made by a newer version of this program.")
        }
        guard try Connection(source).rows("PRAGMA quick_check(1)", [], { try $0.text(0) }) == ["ok"] else {
            throw NovaError(.badRequest, "\(file) is damaged.")
        }
        let lock = try WriterLock(path: path)
        try lock.acquire()
        defer { lock.release() }
        let destination = try SQLiteSession(path: path)
        try destination.configure()
        guard let copy = sqlite3_backup_init(destination.handle, "main", source.handle, "main") else {
            throw SQLiteFailure.error(sqlite3_errcode(destination.handle), destination.handle)
        }
        let code = sqlite3_backup_step(copy, -1)
        sqlite3_backup_finish(copy)
        guard code == SQLITE_DONE else { throw SQLiteFailure.error(code, destination.handle) }
        try destination.script("PRAGMA journal_mode = WAL")
    }

    /// Whether another connection has the database open: it then cannot leave the write-ahead log.
    static func isInUse(_ path: String) throws -> Bool {
        guard access(path, F_OK) == 0 else { return false }
        let session = try SQLiteSession(path: path)
        sqlite3_busy_timeout(session.handle, 0)
        do {
            try session.script("PRAGMA journal_mode = DELETE")
        } catch let error as NovaError where error.code == .unavailable {
            return true
        }
        try session.script("PRAGMA journal_mode = WAL")
        return false
    }

    private static func sync(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        guard descriptor >= 0, fsync(descriptor) == 0 else {
            throw NovaError(.unavailable, "The backup cannot be written.", details: String(cString: strerror(errno)))
        }
    }
}
