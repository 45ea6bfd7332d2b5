import Logging
import NovaCore
import NovaDatabase
import NovaModel
import NovaStore

/// Begins what is due without anybody asking: the confirmation of moves, and the offloading of shelved servers.
///
/// One conductor of the cloud looks, under a lease. It accepts as nova-api does: in one transaction with a look at the
/// server's states, so that nothing is begun twice.
struct DueTask: Sendable {
    static let lease = "due"
    private static let longestTick = Duration.seconds(60)

    let database: Database
    /// After how long a move counts as confirmed; zero never.
    let confirmWindow: Duration
    /// After how long a shelved server leaves its host; nil never, zero is its own workflow's business.
    let offloadTime: Duration?
    let offer: @Sendable (WorkflowID) -> Void
    let log: Logger

    private var tick: Duration {
        let shortest = [confirmWindow, offloadTime ?? .zero].filter { $0 > .zero }.min() ?? Self.longestTick
        return max(.milliseconds(100), min(Self.longestTick, shortest / 4))
    }

    func run() async {
        guard confirmWindow > .zero || offloadTime ?? .zero > .zero else { return }
        // Of this run alone: what a conductor that starts again must not take for its own.
        let owner = "\(WorkflowID.random())"
        while !Task.isCancelled {
            do {
                try await SteadyClock.sleep(for: tick)
                for workflow in try await begin(owner) { offer(workflow) }
            } catch is CancellationError {
                return
            } catch {
                log.error("what is due was not begun", metadata: ["error": "\(NovaError(error))"])
            }
        }
    }

    /// Accepts what is due now.
    func begin(_ owner: String) async throws -> [WorkflowID] {
        let lease = max(.seconds(5), tick * 3)
        return try await database.write { [confirmWindow, offloadTime] connection in
            let now = try connection.now()
            guard
                try TaskLeaseTable(connection).take(Self.lease, owner: owner, until: now.adding(lease), at: now)
            else { return [] }
            var begun: [WorkflowID] = []
            if confirmWindow > .zero {
                for migration in try MigrationTable(connection).open() where migration.status == "finished" {
                    guard now.elapsed(since: migration.updatedAt ?? migration.createdAt) >= confirmWindow,
                        let server = try ServerTable(connection).find(migration.serverID),
                        Self.mayBegin(.confirmResize, server)
                    else { continue }
                    begun.append(try MoveTable(connection).confirm(server, .onBehalf(of: server)).id)
                }
            }
            if let offloadTime, offloadTime > .zero {
                for server in try ServerTable(connection).shelved() {
                    guard let shelved = server.shelved, now.elapsed(since: shelved.at) >= offloadTime,
                        Self.mayBegin(.shelveOffload, server)
                    else { continue }
                    begun.append(try MoveTable(connection).offload(server, .onBehalf(of: server)).id)
                }
            }
            return begun
        }
    }

    private static func mayBegin(_ action: ServerAction, _ server: ServerRecord) -> Bool {
        do {
            try action.check(server)
            return true
        } catch {
            // Something else is being done to it: next time.
            return false
        }
    }
}

extension RequestContext {
    /// For what the cloud does to a server without anybody asking.
    static func onBehalf(of server: ServerRecord) -> RequestContext {
        RequestContext(
            requestID: RequestContext.system().requestID, userID: server.userID, projectID: server.projectID, roles: [],
            isAdmin: false)
    }
}
