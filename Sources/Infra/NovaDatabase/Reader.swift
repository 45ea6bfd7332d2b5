import NovaCore

/// A thread that reads with a connection of its own, beside the writer: each closure sees one state of the database.
///
/// Unchecked: `connection` is used by the reader's thread only, once `loop` runs.
final class Reader: @unchecked Sendable {
    private let connection: Connection
    private let queue: BlockingQueue<DatabaseJob>

    init(connection: Connection, queue: BlockingQueue<DatabaseJob>) {
        self.connection = connection
        self.queue = queue
        connection.isReadOnly = true
    }

    /// Serves the queue until it is closed and drained.
    func loop() {
        while true {
            let jobs = queue.take(atMost: 1)
            guard let job = jobs.first else { return }
            do {
                try connection.script("BEGIN")
            } catch {
                job.refuse(NovaError(error))
                continue
            }
            let outcome = job.run(connection)
            var failure: NovaError?
            do {
                if !connection.isAutocommit { try connection.script("COMMIT") }
            } catch {
                failure = NovaError(error)
            }
            outcome.finish(failure)
        }
    }
}
