import Glibc
import Logging
import NovaCore

/// One thread's connection to the server, made when it is needed and made anew when it was lost.
///
/// Unchecked: used by that thread only.
final class PostgreSQLLine: @unchecked Sendable {
    /// A session, with the connection that closures get: it knows the statements of the records that they ask for.
    struct Open {
        let session: PostgreSQLSession
        let connection: Connection

        init(_ session: PostgreSQLSession) {
            self.session = session
            connection = Connection(session)
        }
    }

    private let target: PostgreSQLTarget
    private let tally: Tally
    private let log: Logger
    private var current: Open?
    private var hadSession = false

    init(_ target: PostgreSQLTarget, tally: Tally, log: Logger) {
        self.target = target
        self.tally = tally
        self.log = log
    }

    /// The session; connects until it works or the deadline has passed.
    func open(until deadline: Deadline) throws -> Open {
        if let current, !current.session.isLost { return current }
        current = nil
        var pause: Int64 = 50
        while true {
            do {
                let fresh = Open(try PostgreSQLSession(target))
                if hadSession {
                    log.notice("connected to the database again", metadata: ["database": "\(target)"])
                    tally.change { $0.reconnects += 1 }
                }
                current = fresh
                hadSession = true
                return fresh
            } catch {
                let error = NovaError(error)
                if deadline.remainingMilliseconds <= pause || PostgreSQLFailure.needsOperator(error) {
                    log.error(
                        "no connection to the database", metadata: ["database": "\(target)", "error": "\(error)"])
                    throw error
                }
            }
            // On a thread of its own: nothing tells when a server is back.
            usleep(UInt32(pause * 1000))
            pause = min(pause * 2, 500)
        }
    }
}
