import Logging
import NovaCore
import NovaDatabase
import NovaModel
import NovaStore
import NovaWire

/// Deletes for good what users deleted longer ago than `[DEFAULT] reclaim_instance_interval`.
///
/// Every conductor may do it at any time: a server is looked at again in the transaction that adds its deletion.
struct ReclaimTask: Sendable {
    /// The longest time between two looks.
    static let tick = Duration.seconds(60)
    private static let batch: Int64 = 100

    let database: Database
    /// For how long servers are kept; zero: none are.
    let age: Duration
    /// Takes up a workflow at once.
    let offer: @Sendable (WorkflowID) -> Void
    let log: Logger

    func run() async {
        guard age > .zero else { return }
        while !Task.isCancelled {
            do {
                try await SteadyClock.sleep(for: min(age, Self.tick))
                while try await reclaim() == Int(Self.batch) {}
            } catch is CancellationError {
                return
            } catch {
                log.error("deleted servers were not reclaimed", metadata: ["error": "\(NovaError(error))"])
            }
        }
    }

    /// Begins the deletion of some of the servers whose time is over.
    ///
    /// - Returns: how many there were.
    func reclaim() async throws -> Int {
        let (due, time) = try await database.read { [age] connection in
            let time = try connection.now().adding(.zero - age)
            return (try ServerTable(connection).softDeleted(before: time, limit: Self.batch), time)
        }
        for id in due {
            guard let workflow = try await database.write({ try Self.delete(id, deletedBefore: time, $0) }) else {
                continue
            }
            log.info("reclaiming a deleted server", metadata: ["server": "\(id)"])
            offer(workflow)
        }
        return due.count
    }

    /// Unless it was restored, or another conductor came first.
    private static func delete(
        _ id: ServerID, deletedBefore time: Timestamp, _ connection: Connection
    ) throws -> WorkflowID? {
        guard let server = try ServerTable(connection).find(id), server.vmState == .softDeleted,
            server.taskState == nil, let deleted = server.deletedAt, deleted <= time
        else { return nil }
        try ServerTable(connection).change(id) { $0.taskState = .deleting }
        let workflow = WorkflowRecord(
            kind: WorkflowKindName.delete, server: id, context: .system(), data: DeleteState(id).encoded(),
            now: try connection.now())
        try WorkflowTable(connection).insert(workflow)
        return workflow.id
    }
}
