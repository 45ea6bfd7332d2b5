import Glibc
import Logging
import NovaCore

/// Opens an SQLite file and says what its threads do: one writes, the others read.
enum SQLiteThreads {
    static let readerCount = 2

    /// - Returns: the workers by the last part of their thread's name; for `:memory:` only the writer, as no other
    ///   connection sees its rows.
    static func open(
        path: String, schema: DatabaseSchema, writes: BlockingQueue<DatabaseJob>, reads: BlockingQueue<DatabaseJob>,
        tally: Tally, log: Logger
    ) throws -> [(String, any Worker)] {
        let inMemory = path == ":memory:"
        if !inMemory { try makeFolder(of: path) }
        let lock = inMemory ? nil : try WriterLock(path: path)
        let session = try SQLiteSession(path: path)
        try lock?.acquire()
        defer { lock?.release() }
        try session.configure()
        if !inMemory { try session.script("PRAGMA journal_mode = WAL") }
        try SchemaSetup.prepare(session, schema).tell(log, path, schema)
        var workers: [(String, any Worker)] = [
            ("w", SQLiteWriter(name: path, session: session, lock: lock, queue: writes, tally: tally))
        ]
        guard !inMemory else { return workers }
        for index in 0..<readerCount {
            workers.append(("r\(index)", SQLiteReaderThread(reader: try SQLiteReader(path: path), queue: reads)))
        }
        return workers
    }

    private static func makeFolder(of path: String) throws {
        var at = path.startIndex
        while let slash = path[at...].dropFirst().firstIndex(of: "/") {
            let folder = String(path[..<slash])
            guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
                throw NovaError(
                    errno == ENOSPC ? .noSpace : .unavailable, "The database's folder cannot be made.",
                    details: "\(folder): \(String(cString: strerror(errno)))")
            }
            at = slash
        }
    }
}

extension SchemaSetup.Outcome {
    /// Tells the operator what was done.
    func tell(_ log: Logger, _ place: String, _ schema: DatabaseSchema) {
        switch self {
        case .current: break
        case .created: log.info("made the database", metadata: ["path": "\(place)", "version": "\(schema.version)"])
        case .migrated(let from):
            log.notice(
                "migrated the database",
                metadata: ["path": "\(place)", "from": "\(from)", "to": "\(schema.version)"])
        }
    }
}
