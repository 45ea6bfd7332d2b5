import Logging
import NovaCore
import NovaDatabase
import NovaStore

/// Takes servers out of the database that were deleted longer ago than the retention, once an hour.
///
/// With several conductors each does it; what one has taken the others do not find.
struct ArchiveTask: Sendable {
    static let period = Duration.seconds(3600)

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
                try await Task.sleep(for: Self.period)
                try await archive(at: .now())
            } catch is CancellationError {
                return
            } catch {
                log.error("old servers were not archived", metadata: ["error": "\(NovaError(error))"])
            }
        }
    }

    func archive(at now: Timestamp) async throws {
        let time = now.adding(seconds: -Int64(retentionDays) * 86_400)
        let file = folder.isEmpty ? nil : ArchiveFile(folder: folder, at: now)
        let count = try await ServerArchive.run(on: database, deletedBefore: time, to: file)
        if count > 0 { log.info("archived deleted servers", metadata: ["count": "\(count)", "folder": "\(folder)"]) }
    }
}
