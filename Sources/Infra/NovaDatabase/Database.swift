import Glibc
public import Logging
import NovaCore
import NovaWire
import Synchronization

/// An SQLite database: one writer thread with group commit, reader threads beside it.
///
/// Several processes may open the same file. Closures are synchronous and run on the database's own threads, so no
/// transaction ever waits for a task. For `:memory:` reads go to the writer too: no other connection sees its rows.
public final class Database: Sendable {
    /// The most closures that may wait for the writer, and as many for the readers.
    public static let queueLimit = 4096
    static let readerCount = 2

    private struct State {
        var running = 0
        var reads = 0
        var closing: [CheckedContinuation<Void, Never>] = []
    }

    private let writes = BlockingQueue<DatabaseJob>(limit: queueLimit)
    private let reads: BlockingQueue<DatabaseJob>?
    private let writer: Writer
    private let state: Ended

    /// Counts the threads, and wakes those who wait for their end.
    private final class Ended: Sendable {
        let state = Mutex(State())

        func threadEnded() {
            let waiting = state.withLock { state in
                state.running -= 1
                guard state.running == 0 else { return [CheckedContinuation<Void, Never>]() }
                defer { state.closing = [] }
                return state.closing
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    /// Opens a database; makes it, or migrates it in one transaction, when needed.
    ///
    /// Blocks the caller meanwhile.
    ///
    /// - Parameters:
    ///   - path: a file, whose folder is made when it is missing, or `:memory:`.
    ///   - schema: what it must look like.
    /// - Throws: ``NovaError`` `unavailable`, `noSpace` or `internal` (damaged), with the path in the details.
    public init(path: String, schema: DatabaseSchema, log: Logger) throws {
        let inMemory = path == ":memory:"
        do {
            if !inMemory { try Self.makeFolder(of: path) }
            let lock = inMemory ? nil : try WriterLock(path: path)
            let connection = try Connection(path: path)
            try lock?.acquire()
            defer { lock?.release() }
            try connection.configure()
            if !inMemory { try connection.script("PRAGMA journal_mode = WAL") }
            switch try SchemaSetup.prepare(connection, schema) {
            case .current: break
            case .created: log.info("made the database", metadata: ["path": "\(path)", "version": "\(schema.version)"])
            case .migrated(let from):
                log.notice(
                    "migrated the database",
                    metadata: ["path": "\(path)", "from": "\(from)", "to": "\(schema.version)"])
            }
            writer = Writer(name: path, connection: connection, lock: lock, queue: writes)
            reads = inMemory ? nil : BlockingQueue(limit: Self.queueLimit)
            state = Ended()
            try start(path: path, name: schema.name)
        } catch {
            throw NovaError(error).during("database \(path)")
        }
    }

    deinit {
        writes.close()
        reads?.close()
    }

    private func start(path: String, name: String) throws {
        let (state, writer) = (state, writer)
        state.state.withLock { $0.running += 1 }
        try DatabaseThread.start("db-\(name)-w") {
            writer.loop()
            state.threadEnded()
        }
        guard let reads else { return }
        for index in 0..<Self.readerCount {
            let connection = try Connection(path: path)
            try connection.configure()
            let reader = Reader(connection: connection, queue: reads)
            state.state.withLock { $0.running += 1 }
            try DatabaseThread.start("db-\(name)-r\(index)") {
                reader.loop()
                state.threadEnded()
            }
        }
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

    /// Runs a closure that only reads; all its statements see one state of the database.
    public func read<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        state.state.withLock { $0.reads += 1 }
        return try await submit(isRead: true, to: reads ?? writes, body)
    }

    /// Runs a closure that writes.
    ///
    /// What it did is durable when this returns, and undone when it throws.
    ///
    /// Closures of other callers may share the transaction; each has its own savepoint. It must not do anything but
    /// database work, as everyone's writes wait for it.
    @discardableResult
    public func write<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        try await submit(isRead: false, to: writes, body)
    }

    private func submit<T: Sendable>(
        isRead: Bool, to queue: BlockingQueue<DatabaseJob>, _ body: @escaping @Sendable (Connection) throws -> T
    ) async throws -> T {
        try Task.checkCancellation()
        #if DEBUG
        // The closure runs on another thread, and is still the caller's.
        let skew = ClockSkew.current
        let body: @Sendable (Connection) throws -> T = { connection in
            try ClockSkew.$current.withValue(skew) { try body(connection) }
        }
        #endif
        return try await withCheckedThrowingContinuation { continuation in
            let job = DatabaseJob(isRead: isRead, continuation, body)
            switch queue.push(job) {
            case nil: break
            case .full: job.refuse(NovaError(.unavailable, "The database is overloaded. Repeat the request later."))
            case .closed: job.refuse(NovaError(.unavailable, "The database is closed: the service is stopping."))
            }
        }
    }

    /// What the database has done so far.
    public var statistics: DatabaseStatistics {
        var result = writer.statistics.withLock { $0 }
        result.reads = state.state.withLock { $0.reads }
        result.waitingWrites = writes.count
        return result
    }

    /// Serves what waits, refuses what comes later, and ends the threads.
    ///
    /// A second call waits for the same end.
    public func close() async {
        writes.close()
        reads?.close()
        await withCheckedContinuation { continuation in
            let ended = state.state.withLock { state in
                if state.running == 0 { return true }
                state.closing.append(continuation)
                return false
            }
            if ended { continuation.resume() }
        }
    }
}
