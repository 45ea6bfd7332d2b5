import NovaCore

/// A thread that reads with a connection of its own: each closure sees one state of the database.
///
/// A read whose connection breaks is repeated on a new one.
final class PostgreSQLReader: Worker {
    private let line: PostgreSQLLine
    private let queue: BlockingQueue<DatabaseJob>
    private let waitLimit: Duration
    private let tally: Tally

    init(line: PostgreSQLLine, queue: BlockingQueue<DatabaseJob>, waitLimit: Duration, tally: Tally) {
        self.line = line
        self.queue = queue
        self.waitLimit = waitLimit
        self.tally = tally
    }

    func loop() {
        while let job = queue.take(atMost: 1).first {
            if job.isLate { job.refuseLate() } else { serve(job) }
        }
    }

    private func serve(_ job: DatabaseJob) {
        let deadline = job.deadline ?? .after(waitLimit)
        while true {
            let open: PostgreSQLLine.Open
            do {
                open = try line.open(until: deadline)
            } catch {
                return job.refuse(NovaError(error))
            }
            let session = open.session
            session.isReadOnly = true
            session.pend(.beginRead)
            session.failure = nil
            let outcome = job.run(open.connection)
            if session.isLost, !deadline.hasPassed {
                tally.change { $0.retries += 1 }
                continue
            }
            outcome.finish(nil)
            return end(session)
        }
    }

    /// Ends the transaction; its caller has the answer already.
    private func end(_ session: PostgreSQLSession) {
        if session.unpend(.beginRead) { return }
        guard !session.isLost, !session.isAutocommit else { return session.forgetPending() }
        // Nobody waits for it; when it fails the connection is lost, which the next job finds out.
        session.sendAhead(.rollback)
    }
}
