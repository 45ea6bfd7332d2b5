import NovaCore
import NovaFaults

/// The one thread that writes: closures that wait together share one transaction and one sync to disk.
///
/// ```
/// take jobs -> lock file -> BEGIN IMMEDIATE -> each: SAVEPOINT, run, RELEASE or ROLLBACK TO -> COMMIT -> answer
/// ```
/// Unchecked: `session` is used by the writer's thread only, once `loop` runs.
final class SQLiteWriter: Worker, @unchecked Sendable {
    /// The most closures in one transaction: it bounds what one failed commit can take with it.
    static let groupLimit = 256

    private let name: String
    private let session: SQLiteSession
    private let connection: Connection
    private let lock: WriterLock?
    private let queue: BlockingQueue<DatabaseJob>
    private let tally: Tally

    /// - Parameter name: the database's address, for fault points.
    init(name: String, session: SQLiteSession, lock: WriterLock?, queue: BlockingQueue<DatabaseJob>, tally: Tally) {
        self.name = name
        self.session = session
        connection = Connection(session)
        self.lock = lock
        self.queue = queue
        self.tally = tally
    }

    /// Serves the queue until it is closed and drained.
    func loop() {
        while true {
            let jobs = queue.take(atMost: Self.groupLimit)
            if jobs.isEmpty { return }
            // A group whose transaction SQLite rolled back (full disk) leaves the jobs after it for the next one.
            var rest = jobs[...]
            while !rest.isEmpty { runGroup(&rest) }
        }
    }

    private func runGroup(_ rest: inout ArraySlice<DatabaseJob>) {
        do {
            try begin()
        } catch {
            let error = NovaError(error)
            for job in rest { job.refuse(error) }
            rest = []
            return
        }
        var outcomes: [DatabaseJob.Outcome] = []
        var failure: NovaError?
        while failure == nil, let job = rest.popFirst() {
            var hasRun = false
            do {
                try session.run("SAVEPOINT member")
                session.isReadOnly = job.isRead
                let outcome = job.run(connection)
                hasRun = true
                session.isReadOnly = false
                outcomes.append(outcome)
                if session.isAutocommit {
                    failure = NovaError(
                        .unavailable, "The database undid a transaction. Repeat the request.",
                        details: "rolled back by SQLite while a member of the group ran")
                } else {
                    if outcome.failed { try session.run("ROLLBACK TO member") }
                    try session.run("RELEASE member")
                }
            } catch {
                failure = NovaError(error)
                if !hasRun { job.refuse(NovaError(error)) }
            }
        }
        finish(outcomes, failure)
    }

    private func begin() throws {
        try lock?.acquire()
        do {
            try session.run("BEGIN IMMEDIATE")
        } catch {
            lock?.release()
            throw error
        }
    }

    private func finish(_ outcomes: [DatabaseJob.Outcome], _ earlier: NovaError?) {
        var failure = earlier
        if failure == nil {
            do {
                try Faults.blockingPoint("database.commit", name)
                try session.run("COMMIT")
            } catch {
                failure = NovaError(error)
            }
        }
        if failure != nil, !session.isAutocommit {
            do {
                try session.run("ROLLBACK")
            } catch {
                failure = failure?.during("the rollback failed too (\(NovaError(error).details))")
            }
        }
        lock?.release()
        let writes = outcomes.count { !$0.isRead }
        tally.change { statistics in
            if failure == nil { statistics.commits += 1 }
            let failed = failure == nil ? outcomes.count { $0.failed && !$0.isRead } : writes
            statistics.failedWrites += failed
            statistics.writes += writes - failed
            statistics.prepared = session.prepared
        }
        for outcome in outcomes { outcome.finish(failure) }
    }
}
