import NovaCore

/// A thread that reads with a connection of its own, beside the writer: each closure sees one state of the database.
///
/// Unchecked: `session` is used by the reader's thread only, once `loop` runs.
final class SQLiteReader: Worker, @unchecked Sendable {
    private let session: SQLiteSession
    private let connection: Connection
    private let queue: BlockingQueue<DatabaseJob>

    init(session: SQLiteSession, queue: BlockingQueue<DatabaseJob>) {
        self.session = session
        connection = Connection(session)
        self.queue = queue
        session.isReadOnly = true
    }

    /// Serves the queue until it is closed and drained.
    func loop() {
        while true {
            let jobs = queue.take(atMost: 1)
            guard let job = jobs.first else { return }
            do {
                try session.script("BEGIN")
            } catch {
                job.refuse(NovaError(error))
                continue
            }
            let outcome = job.run(connection)
            var failure: NovaError?
            do {
                if !session.isAutocommit { try session.script("COMMIT") }
            } catch {
                failure = NovaError(error)
            }
            outcome.finish(failure)
        }
    }
}
