import DatabaseTestKit
import Foundation
import Logging
import NovaCore
import NovaDatabase
import NovaModel
import NovaStore
import NovaWire
import Testing

@testable import NovaConductor

@Suite("The archive's hourly run")
struct ArchiveTaskTests {
    private static let retention = 30

    private let folder = "/tmp/nova-archive-task-\(UUID128.random())"

    private func task(_ database: Database, days: Int = ArchiveTaskTests.retention) -> ArchiveTask {
        ArchiveTask(
            database: database, retentionDays: days, folder: folder,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Runs a test on a database, with a folder for the files.
    private func with(_ kind: DatabaseKind, _ body: (Database) async throws -> Void) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { _ = try? FileManager.default.removeItem(atPath: folder) }
        let database = try await kind.open(NovaDatabaseSchema.schema)
        try await body(database)
        await database.close()
    }

    /// Servers that were deleted so many seconds ago; nil for one that lives.
    private func add(_ count: Int = 1, deleted seconds: Int64?, finished: Bool = true, to database: Database)
        async throws
    {
        try await database.write { connection in
            let now = try connection.now()
            for _ in 0..<count {
                var server = ServerRecord()
                server.id = .random()
                server.projectID = ProjectID("p1")
                server.isDeleted = seconds != nil
                server.deletedAt = seconds.map { now.adding(seconds: -$0) }
                try ServerTable(connection).insert(&server)
                var workflow = WorkflowRecord(kind: "delete", server: server.id, context: .system(), data: [])
                workflow.state = finished ? .succeeded : .running
                workflow.finishedAt = finished ? now : nil
                try WorkflowTable(connection).insert(workflow)
            }
        }
    }

    private func servers(_ database: Database) async throws -> Int64? {
        try await database.read { try $0.row("SELECT count(*) FROM servers") { try $0.int(0) } }
    }

    /// How often each server stands in the files.
    private func archived() throws -> [String: Int] {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        let lines = try files.flatMap {
            try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8).split(separator: "\n")
        }
        let servers = lines.filter { $0.contains(#""table":"servers""#) || $0.contains(#""table": "servers""#) }
        return Dictionary(servers.map { (String($0), 1) }, uniquingKeysWith: +)
    }

    /// Lets the lease on the work run out.
    private func expire(_ database: Database) async throws {
        try await database.write { connection in
            let changed = try connection.execute("UPDATE task_leases SET expires_at = 0 WHERE name = 'archive'")
            #expect(changed == 1)
        }
    }

    @Test(
        "What was deleted longer ago than the days goes, in several transactions; the rest stays.",
        arguments: DatabaseKind.available)
    func days(kind: DatabaseKind) async throws {
        try await with(kind) { database in
            let limit = Int64(Self.retention) * 86_400
            try await add(250, deleted: limit + 60, to: database)
            try await add(2, deleted: limit - 60, to: database)
            try await add(deleted: limit + 60, finished: false, to: database)
            try await add(deleted: nil, to: database)
            let commits = database.statistics.commits
            #expect(try await task(database).archive() == 250)
            // Three batches, and the lease before and after them.
            #expect(database.statistics.commits - commits >= 5)
            #expect(try await servers(database) == 4)
            let lines = try archived()
            #expect(lines.count == 250 && lines.values.allSatisfy { $0 == 1 })
        }
    }

    @Test(
        "Of several conductors one does it, and none again before the hour is over.", arguments: DatabaseKind.available)
    func oneConductor(kind: DatabaseKind) async throws {
        try await with(kind) { database in
            try await add(120, deleted: 31 * 86_400, to: database)
            let task = task(database)
            let results: [Int?] = try await withThrowingTaskGroup(of: Int?.self) { group in
                for _ in 0..<4 { group.addTask { try await task.archive() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.compactMap(\.self) == [120])
            #expect(try archived().values.allSatisfy { $0 == 1 })
            // The same conductor, and one that has just started.
            try await add(deleted: 31 * 86_400, to: database)
            #expect(try await task.archive() == nil)
            #expect(try await self.task(database).archive() == nil)
            #expect(try await servers(database) == 1)
            try await expire(database)
            #expect(try await task.archive() == 1)
        }
    }

    @Test("What a conductor that died has left undone, the next one does.", arguments: DatabaseKind.available)
    func restart(kind: DatabaseKind) async throws {
        try await with(kind) { database in
            try await add(150, deleted: 31 * 86_400, to: database)
            // It takes the lease and a first batch, and is gone.
            try await database.write { connection in
                let now = try connection.now()
                let isTaken = try TaskLeaseTable(connection).take(
                    ArchiveTask.lease, owner: "dead", until: now.adding(ArchiveTask.leaseTime), at: now)
                #expect(isTaken)
            }
            let time = Timestamp.now().adding(seconds: -30 * 86_400)
            await #expect(throws: NovaError.self) {
                try await ServerArchive.run(
                    on: database, deletedBefore: time, to: ArchiveFile(folder: folder, at: .now())
                ) { connection in
                    let rest = try connection.row("SELECT count(*) FROM servers") { try $0.int(0) } ?? 0
                    guard rest > 100 else { throw NovaError(.unavailable, "the process died") }
                }
            }
            #expect(try await servers(database) == 50)
            #expect(try await task(database).archive() == nil)
            try await expire(database)
            #expect(try await task(database).archive() == 50)
            // The batch that was written and not removed stands there twice: nothing is lost.
            #expect(try archived().count == 150)
        }
    }

    @Test("Whoever has lost the lease removes nothing more.") func lostLease() async throws {
        try await with(.sqlite) { database in
            try await add(deleted: 31 * 86_400, to: database)
            // Whoever takes the lease loses it at once, for an hour.
            try await database.write { connection in
                try connection.execute(
                    """
                    CREATE TRIGGER thief AFTER INSERT ON task_leases BEGIN
                        UPDATE task_leases SET owner = 'thief', expires_at = NEW.expires_at + 3600000000;
                    END
                    """)
            }
            let error = await #expect(throws: NovaError.self) { try await task(database).archive() }
            #expect(error?.code == .stale)
            #expect(try await servers(database) == 1)
        }
    }

    @Test("Without a retention nothing is ever taken.") func never() async throws {
        try await with(.sqlite) { database in
            try await add(deleted: 10_000 * 86_400, to: database)
            await task(database, days: 0).run()
            #expect(try await servers(database) == 1)
        }
    }
}
