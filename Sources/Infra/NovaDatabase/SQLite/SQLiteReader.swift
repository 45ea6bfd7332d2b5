import NovaCore

/// A connection that reads beside the writer: each closure sees one state of the database.
///
/// Unchecked: one thread at a time uses `session`, the reader's own or one that has borrowed it from ``SQLiteReaders``.
final class SQLiteReader: @unchecked Sendable {
    private let session: SQLiteSession
    private let connection: Connection

    init(path: String) throws {
        session = try SQLiteSession(path: path, onlyReads: true)
        try session.configure()
        connection = Connection(session)
    }

    /// Runs a closure in a transaction of its own.
    func read<T>(_ body: (Connection) throws -> T) throws -> T {
        try session.run("BEGIN")
        connection.beginClosure()
        let value: T
        do {
            value = try body(connection)
        } catch {
            try end()
            throw error
        }
        try end()
        return value
    }

    private func end() throws {
        if !session.isAutocommit { try session.run("COMMIT") }
    }

    /// Runs a queued closure.
    func serve(_ job: DatabaseJob) {
        do {
            try session.run("BEGIN")
        } catch {
            return job.refuse(NovaError(error))
        }
        let outcome = job.run(connection)
        var failure: NovaError?
        do { try end() } catch { failure = NovaError(error) }
        outcome.finish(failure)
    }
}

/// The thread of a reader: closures that may take long, and those for which no other connection is free.
final class SQLiteReaderThread: Worker {
    private let reader: SQLiteReader
    private let queue: BlockingQueue<DatabaseJob>

    init(reader: SQLiteReader, queue: BlockingQueue<DatabaseJob>) {
        self.reader = reader
        self.queue = queue
    }

    /// Serves the queue until it is closed and drained.
    func loop() {
        while let job = queue.take(atMost: 1).first { reader.serve(job) }
    }
}
