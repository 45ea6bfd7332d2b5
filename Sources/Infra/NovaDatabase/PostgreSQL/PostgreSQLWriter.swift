import Glibc
import NovaCore
import NovaFaults

/// The one thread of a process that writes: closures that wait together share one transaction.
///
/// ```
/// take jobs -> BEGIN -> each: SAVEPOINT, run, RELEASE or ROLLBACK TO -> COMMIT -> answer
/// ```
/// One that is alone needs no savepoint: what undoes it undoes the transaction.
///
/// A member whose transaction met another process's is run again in the next one. When the connection breaks before
/// COMMIT is sent, all are run again on a new one; when it breaks after, nobody knows, and the callers are told so.
final class PostgreSQLWriter: Worker {
    /// The most closures in one transaction: it bounds what one failed commit can take with it.
    static let groupLimit = 256
    /// The most times that a closure is run.
    static let runLimit = 20

    private let name: String
    private let line: PostgreSQLLine
    private let queue: BlockingQueue<DatabaseJob>
    private let waitLimit: Duration
    private let tally: Tally
    private let prologue: [PostgreSQLCommand]

    /// A closure, and how often it was run already.
    private struct Member {
        let job: DatabaseJob
        var runs = 0
        /// Whether it met a taken or missing key in its last run.
        var metKey = false
    }

    /// - Parameter name: the database's address, for fault points.
    init(
        name: String, line: PostgreSQLLine, queue: BlockingQueue<DatabaseJob>, waitLimit: Duration, takesTurns: Bool,
        tally: Tally
    ) {
        self.name = name
        self.line = line
        self.queue = queue
        self.waitLimit = waitLimit
        self.tally = tally
        // The lock stands before the first statement that takes the snapshot, so that this shows the last turn's rows.
        prologue = takesTurns ? [.begin, .takeTurn] : [.begin]
    }

    func loop() {
        while true {
            let jobs = queue.take(atMost: Self.groupLimit)
            if jobs.isEmpty { return }
            var members = jobs.map { Member(job: $0) }
            while !members.isEmpty {
                let again = runGroup(members)
                if !again.isEmpty {
                    tally.change { $0.retries += again.count }
                    // By chance, so that two processes that collided do not do so again.
                    usleep(UInt32.random(in: 0...(500 << min(6, UInt32(again.map(\.runs).max() ?? 0)))))
                }
                members = again
            }
        }
    }

    /// Runs the members in one transaction; gives those that must run again.
    private func runGroup(_ candidates: [Member]) -> [Member] {
        var members: [Member] = []
        for member in candidates {
            if member.job.isLate || member.runs >= Self.runLimit {
                member.job.refuseLate()
            } else {
                members.append(member)
            }
        }
        guard !members.isEmpty else { return [] }
        let open: PostgreSQLLine.Open
        do {
            open = try line.open(until: members.compactMap(\.job.deadline).min() ?? .after(waitLimit))
        } catch {
            for member in members { member.job.refuse(NovaError(error)) }
            return []
        }
        let session = open.session
        session.forgetPending()
        session.prologueError = nil
        for command in prologue { session.pend(command) }
        var done: [DatabaseJob.Outcome] = []
        var again: [Member] = []
        for index in members.indices {
            members[index].runs += 1
            switch run(members[index], open, isAlone: members.count == 1) {
            case .done(let outcome): done.append(outcome)
            case .again(let metKey):
                members[index].metKey = metKey
                again.append(members[index])
            case .broken(let error):
                // Nothing of the group is in the database.
                if !session.isLost { _ = try? session.command(.rollback) }
                if session.isLost || error.isTransient { return rerun(members) }
                for member in members { member.job.refuse(error) }
                return []
            }
        }
        commit(session, done)
        return again
    }

    private func rerun(_ members: [Member]) -> [Member] {
        members.map { member in
            var member = member
            member.runs = max(member.runs, 1)
            return member
        }
    }

    private enum Result {
        case done(DatabaseJob.Outcome)
        case again(metKey: Bool)
        /// The whole transaction is of no more use.
        case broken(NovaError)
    }

    private func run(_ member: Member, _ open: PostgreSQLLine.Open, isAlone: Bool) -> Result {
        let session = open.session
        if !isAlone { session.pend(.beginMember) }
        session.failure = nil
        let outcome = finish(member.job.run(open.connection), session)
        if session.isLost { return .broken(PostgreSQLFailure.lost("the connection broke before the commit")) }
        if let error = session.prologueError { return .broken(error) }
        // It did nothing in the database.
        if isAlone ? session.hasPending(only: prologue) : session.unpend(.beginMember) { return .done(outcome) }
        let failure = session.failure
        let isSpoilt = session.isSpoilt
        if isAlone {
            if outcome.failed || isSpoilt { _ = try? session.command(.rollback) }
        } else {
            if outcome.failed || isSpoilt { session.pend(.undoMember) }
            session.pend(.endMember)
        }
        if let failure, failure.isCollision { return .again(metKey: false) }
        if let failure, failure.isKeyConflict, outcome.failed, !member.metKey { return .again(metKey: true) }
        if isSpoilt, !outcome.failed {
            let error = NovaError(
                .internal, "A database statement failed.",
                details: "a closure went on after: \(failure?.error.details ?? "a failed statement")")
            return .done(.init(isRead: false, failed: true) { _ in outcome.finish(error) })
        }
        return .done(outcome)
    }

    /// Runs what a closure has posted last; what that throws is what the closure throws.
    private func finish(_ outcome: DatabaseJob.Outcome, _ session: PostgreSQLSession) -> DatabaseJob.Outcome {
        guard !outcome.failed else {
            session.unpost()
            return outcome
        }
        do {
            try session.settle()
            return outcome
        } catch {
            return .init(isRead: false, failed: true) { _ in outcome.finish(NovaError(error)) }
        }
    }

    private func commit(_ session: PostgreSQLSession, _ outcomes: [DatabaseJob.Outcome]) {
        var failure: NovaError?
        if session.isAutocommit {
            // Nothing was begun, or all of it is undone.
            session.forgetPending()
        } else {
            do {
                try Faults.blockingPoint("database.commit", name)
                let tag = try session.command(.commit)
                if tag != "COMMIT" {
                    failure = NovaError(
                        .unavailable, "The database undid a transaction. Repeat the request.", details: tag)
                }
            } catch {
                failure =
                    session.isLost
                    ? NovaError(
                        .unavailable,
                        "The database server was lost while it made the change. Look whether it was made, then repeat.",
                        details: NovaError(error).details) : NovaError(error)
            }
            if !session.isLost, !session.isAutocommit { _ = try? session.command(.rollback) }
        }
        tally.change { statistics in
            if failure == nil { statistics.commits += 1 }
            let failed = failure == nil ? outcomes.count { $0.failed } : outcomes.count
            statistics.failedWrites += failed
            statistics.writes += outcomes.count - failed
            statistics.prepared = session.prepared
        }
        for outcome in outcomes { outcome.finish(failure) }
    }
}
