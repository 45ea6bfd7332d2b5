import DatabaseTestKit
import Logging
import NovaCore
import NovaDatabase
import NovaModel
import NovaStore
import Synchronization
import Testing

@testable import NovaConductor

@Suite("Deleted servers that are kept for a while")
struct ReclaimTaskTests {
    private static let project = ProjectID("p1")

    /// A server that was deleted so many seconds ago.
    private func add(
        _ seconds: Int64, _ vmState: VMState = .softDeleted, task: TaskState? = nil, to database: Database
    ) async throws -> ServerID {
        try await database.write { connection in
            var server = ServerRecord()
            server.id = .random()
            server.projectID = Self.project
            server.flavor.vcpus = 2
            server.flavor.memoryMB = 512
            server.vmState = vmState
            server.taskState = task
            server.deletedAt = try connection.now().adding(seconds: -seconds)
            try ServerTable(connection).insert(&server)
            return server.id
        }
    }

    @Test("What was deleted longer ago than the time is deleted for good, once.", arguments: DatabaseKind.available)
    func reclaims(kind: DatabaseKind) async throws {
        let database = try await kind.open(NovaDatabaseSchema.schema)
        let old = try await add(700, to: database)
        let rest = [
            try await add(500, to: database), try await add(700, .active, to: database),
            try await add(700, task: .restoring, to: database),
        ]
        let offered = Mutex<[WorkflowID]>([])
        let task = ReclaimTask(
            database: database, age: .seconds(600), offer: { id in offered.withLock { $0.append(id) } },
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        #expect(try await task.reclaim() == 2)
        #expect(try await task.reclaim() == 2)
        let workflows = try await database.read { try WorkflowTable($0).list(server: nil, openOnly: true, limit: 10) }
        #expect(workflows.map(\.serverID) == [old])
        #expect(workflows.map(\.kind) == [WorkflowKindName.delete])
        #expect(offered.withLock { $0 } == workflows.map(\.id))
        let tasks = try await database.read { connection in
            try ([old] + rest).map { try ServerTable(connection).find($0)?.taskState }
        }
        #expect(tasks == [.deleting, nil, nil, .restoring])
        await database.close()
    }

    @Test("What is kept is not in use.", arguments: DatabaseKind.available)
    func usage(kind: DatabaseKind) async throws {
        let database = try await kind.open(NovaDatabaseSchema.schema)
        for vmState in [VMState.softDeleted, .active, .softDeleted] {
            _ = try await add(1, vmState, to: database)
        }
        let usage = try await database.read { try ServerTable($0).usage(of: Self.project) }
        #expect(usage == (1, 2, 512))
        await database.close()
    }
}
