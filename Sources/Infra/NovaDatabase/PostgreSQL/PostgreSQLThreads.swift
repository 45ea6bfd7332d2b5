import Logging
import NovaCore

/// Connects to a PostgreSQL server and says what the threads of the pool do: one writes, the others read.
enum PostgreSQLThreads {
    /// - Returns: the workers by the last part of their thread's name.
    static func open(
        _ target: PostgreSQLTarget, schema: DatabaseSchema, writes: BlockingQueue<DatabaseJob>,
        reads: BlockingQueue<DatabaseJob>, tally: Tally, log: Logger
    ) throws -> [(String, any Worker)] {
        guard !target.schema.isEmpty,
            target.schema.utf8.allSatisfy({ (97...122).contains($0) || $0 == 95 || (48...57).contains($0) })
        else { throw NovaError(.internal, "The name of a database schema is wrong.", details: target.schema) }
        // A server that is being restarted is waited for, too.
        let line = PostgreSQLLine(target, tally: tally, log: log)
        let session = try line.open(until: .after(target.waitLimit)).session
        try SchemaSetup.prepare(session, schema).tell(log, target.description, schema)
        let writer = PostgreSQLWriter(
            name: target.description, line: line, queue: writes, waitLimit: target.waitLimit,
            takesTurns: schema.writersTakeTurns, tally: tally)
        var workers: [(String, any Worker)] = [("w", writer), ("t", DeadlineKeeper(queues: [writes, reads]))]
        for index in 0..<max(1, target.poolSize - 1) {
            let line = PostgreSQLLine(target, tally: tally, log: log)
            let reader = PostgreSQLReader(line: line, queue: reads, waitLimit: target.waitLimit, tally: tally)
            workers.append(("r\(index)", reader))
        }
        return workers
    }
}

/// Answers the closures that have waited for too long while all threads of the pool were busy.
final class DeadlineKeeper: Worker {
    private static let period = 500
    private let queues: [BlockingQueue<DatabaseJob>]

    init(queues: [BlockingQueue<DatabaseJob>]) { self.queues = queues }

    func loop() {
        guard let first = queues.first else { return }
        while first.pause(milliseconds: Self.period) {
            for queue in queues { for job in queue.remove(where: \.isLate) { job.refuseLate() } }
        }
    }
}
