import Logging
import NovaCore
import NovaDatabase
import NovaModel
import NovaStore

/// Takes servers out of the database that were deleted longer ago than the retention, once an hour.
///
/// One conductor of the cloud does it, under a lease that each batch prolongs. After the last batch the lease stays until
/// the next run is due, so neither another conductor nor one that starts again does it sooner.
struct ArchiveTask: Sendable {
    /// From one run to the next.
    static let period = Duration.seconds(3600)
    /// How often each conductor looks whether a run is due.
    static let tick = Duration.seconds(60)
    static let lease = "archive"
    /// How long others wait for one that died; a batch takes milliseconds.
    static let leaseTime = Duration.seconds(120)

    let database: Database
    /// 0 keeps all.
    let retentionDays: Int
    /// A folder for the rows; empty removes them without a copy.
    let folder: String
    let log: Logger

    func run() async {
        guard retentionDays > 0 else { return }
        while !Task.isCancelled {
            do {
                // Not all conductors at once.
                try await SteadyClock.sleep(
                    for: .microseconds(Int64(Double(Self.tick.microseconds) * Double.random(in: 0.8...1.2))))
                try await archive()
            } catch is CancellationError {
                return
            } catch let error as NovaError where error.code == .stale {
                log.info("another conductor archives old servers")
            } catch {
                log.error("old servers were not archived", metadata: ["error": "\(NovaError(error))"])
            }
        }
    }

    /// Archives what is due.
    ///
    /// - Returns: how many servers; nil when it is another's turn, or nobody's yet.
    /// - Throws: `stale` when another conductor took the lease meanwhile.
    @discardableResult
    func archive() async throws -> Int? {
        // Of this run alone: a conductor must not take the lease that its own last run has left.
        let owner = "\(WorkflowID.random())"
        let start = try await database.write { connection in
            try Self.keep(connection, owner, for: Self.leaseTime) ? try connection.now() : nil
        }
        guard let start else { return nil }
        let file = folder.isEmpty ? nil : ArchiveFile(folder: folder, at: start)
        let count = try await ServerArchive.run(
            on: database, deletedBefore: start.adding(seconds: -Int64(retentionDays) * 86_400), to: file
        ) { connection in
            guard try Self.keep(connection, owner, for: Self.leaseTime) else {
                throw NovaError(.stale, "Another conductor archives old servers now.")
            }
        }
        _ = try await database.write { try Self.keep($0, owner, for: Self.period) }
        if count > 0 { log.info("archived deleted servers", metadata: ["count": "\(count)", "folder": "\(folder)"]) }
        return count
    }

    private static func keep(_ connection: Connection, _ owner: String, for time: Duration) throws -> Bool {
        let now = try connection.now()
        return try TaskLeaseTable(connection).take(lease, owner: owner, until: now.adding(time), at: now)
    }
}
