public import Logging
public import NovaCore
import Synchronization

/// A database of one service: an SQLite file, or a schema on a PostgreSQL server.
///
/// One thread writes, with group commit, and others read beside it; several processes may use the same database.
/// Closures are synchronous, so no transaction ever waits for a task. They run on the database's own threads, but for
/// short readings of SQLite: those run where they are asked for, as waking a thread costs more than they do. A closure may
/// be run again when its transaction was undone: it must do nothing but database work.
///
/// For `:memory:` reads go to the writer too: no other connection sees its rows.
public final class Database: Sendable {
    /// The most closures that may wait for the writer, and as many for the readers.
    public static let queueLimit = 4096

    private struct State {
        var running = 0
        var reads = 0
        /// The parts of the process that have not closed it.
        var users = 1
        var closing: [CheckedContinuation<Void, Never>] = []
    }

    private let writes = BlockingQueue<DatabaseJob>(limit: queueLimit)
    private let reads = BlockingQueue<DatabaseJob>(limit: queueLimit)
    private let readsGoToWriter: Bool
    /// Connections for short readings; nil where a reading is a question to a server, or goes to the writer.
    private let readers: SQLiteReaders?
    private let waitLimit: Duration?
    private let tally = Tally()
    private let state = Ended()

    /// Counts the threads and the borrowed connections, and wakes those who wait for their end.
    private final class Ended: Sendable {
        let state = Mutex(State())

        func began() { state.withLock { $0.running += 1 } }

        func ended() {
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
    ///   - address: a file, whose folder is made when it is missing, or a schema on a server.
    ///   - schema: what it must look like.
    /// - Throws: ``NovaError`` `unavailable`, `noSpace` or `internal` (damaged), with the place in the details.
    public init(_ address: DatabaseAddress, schema: DatabaseSchema, log: Logger) throws {
        let workers: [(String, any Worker)]
        switch address {
        case .sqlite(let path):
            readsGoToWriter = path == ":memory:"
            readers = readsGoToWriter ? nil : SQLiteReaders(path: path)
            waitLimit = nil
        case .postgresql(let target):
            readsGoToWriter = false
            readers = nil
            waitLimit = target.waitLimit
        }
        do {
            switch address {
            case .sqlite(let path):
                workers = try SQLiteThreads.open(
                    path: path, schema: schema, writes: writes, reads: reads, tally: tally, log: log)
            case .postgresql(let target):
                workers = try PostgreSQLThreads.open(
                    target, schema: schema, writes: writes, reads: reads, tally: tally, log: log)
            }
            for (name, worker) in workers { try start("db-\(schema.name)-\(name)", worker) }
        } catch {
            throw NovaError(error).during("database \(address)")
        }
    }

    /// Opens an SQLite file, or `:memory:`.
    public convenience init(path: String, schema: DatabaseSchema, log: Logger) throws {
        try self.init(.sqlite(path: path), schema: schema, log: log)
    }

    deinit {
        writes.close()
        reads.close()
    }

    private func start(_ name: String, _ worker: any Worker) throws {
        let state = state
        let slot = WorkerSlot(worker)
        state.began()
        do {
            try DatabaseThread.start(name) {
                slot.run()
                state.ended()
            }
        } catch {
            state.ended()
            throw error
        }
    }

    /// Runs a closure that only reads a few rows; all its statements see one state of the database.
    public func read<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        guard let readers else { return try await scan(body) }
        try Task.checkCancellation()
        state.began()
        defer { state.ended() }
        guard let reader = readers.borrow() else { return try await scan(body) }
        defer { readers.giveBack(reader) }
        state.state.withLock { $0.reads += 1 }
        return try reader.read(body)
    }

    /// Runs a closure that may read many rows, on a thread of the database; all its statements see one state of it.
    public func scan<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        state.state.withLock { $0.reads += 1 }
        return try await submit(isRead: true, to: readsGoToWriter ? writes : reads, body)
    }

    /// Runs a closure that writes.
    ///
    /// What it did is durable when this returns, and undone when it throws.
    ///
    /// Closures of other callers may share the transaction; each has its own savepoint. It must not do anything but
    /// database work, as everyone's writes wait for it.
    @discardableResult
    public func write<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        let start = ContinuousClock.now
        defer {
            let time = ContinuousClock.now - start
            tally.change { if $0.longestWrite < time { $0.longestWrite = time } }
        }
        return try await submit(isRead: false, to: writes, body)
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
            let job = DatabaseJob(isRead: isRead, deadline: waitLimit.map { .after($0) }, continuation, body)
            switch queue.push(job) {
            case nil: break
            case .full: job.refuse(NovaError(.unavailable, "The database is overloaded. Repeat the request later."))
            case .closed: job.refuse(NovaError(.unavailable, "The database is closed: the service is stopping."))
            }
        }
    }

    /// What the database has done so far.
    public var statistics: DatabaseStatistics {
        var result = tally.current
        result.reads = state.state.withLock { $0.reads }
        result.waitingWrites = writes.count
        return result
    }

    /// Says that one more part of the process uses the database and will close it; false when it is closed already.
    func join() -> Bool {
        state.state.withLock { state in
            guard state.users > 0 else { return false }
            state.users += 1
            return true
        }
    }

    /// Serves what waits, refuses what comes later, and ends the threads, once all parts of the process that share the
    /// database have called it.
    ///
    /// A call after the last one waits for the same end.
    public func close() async {
        let isOver = state.state.withLock { state in
            state.users = max(0, state.users - 1)
            return state.users == 0
        }
        guard isOver else { return }
        writes.close()
        reads.close()
        readers?.close()
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
