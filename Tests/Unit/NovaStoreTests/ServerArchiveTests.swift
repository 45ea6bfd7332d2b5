import DatabaseTestKit
import Foundation
import Logging
import NovaCore
import NovaDatabase
import NovaModel
import NovaSchema
import NovaStore
import NovaWire
import Testing

@Suite("The archive of deleted servers")
struct ServerArchiveTests {
    private let now = Timestamp.now()

    /// A server with a workflow and a line of its journal.
    private func add(_ database: Database, deleted days: Int64?, finished: Bool = true) async throws -> ServerID {
        let now = now
        return try await database.write { connection in
            var server = TestDatabase.server()
            server.isDeleted = days != nil
            server.deletedAt = days.map { now.adding(seconds: -$0 * 86_400) }
            try ServerTable(connection).insert(&server)
            var workflow = WorkflowRecord(
                kind: "delete", server: server.id, context: RequestContext(), data: [1, 2], now: now)
            workflow.state = finished ? .succeeded : .running
            workflow.finishedAt = finished ? now : nil
            try WorkflowTable(connection).insert(workflow)
            var step = WorkflowStepRecord()
            step.workflowID = workflow.id
            step.name = "destroy"
            try WorkflowTable(connection).journal(step)
            try ExplanationTable(connection).save(SchedulingExplanation(), of: server.id)
            return server.id
        }
    }

    private func counts(_ database: Database) async throws -> [Int64] {
        try await database.read { connection in
            try ["servers", "workflows", "workflow_steps", "explanations"].map { table in
                try connection.row("SELECT count(*) FROM \(table)") { try $0.int(0) } ?? -1
            }
        }
    }

    @Test("Only what was deleted long ago and is finished goes, to the file.", arguments: DatabaseKind.available)
    func goes(kind: DatabaseKind) async throws {
        let database = try await TestDatabase.make(kind)
        let old = try await add(database, deleted: 40)
        for (days, finished) in [(10, true), (40, false), (nil, true)] as [(Int64?, Bool)] {
            _ = try await add(database, deleted: days, finished: finished)
        }
        let file = ArchiveFile(path: "/tmp/nova-archive-\(UUID128.random())")
        defer { _ = try? FileManager.default.removeItem(atPath: file.path) }
        let time = now.adding(seconds: -30 * 86_400)
        #expect(try await ServerArchive.run(on: database, deletedBefore: time, to: file) == 1)
        #expect(try await counts(database) == [3, 3, 3, 3])
        #expect(try await ServerArchive.run(on: database, deletedBefore: time, to: file) == 0)
        let lines = try String(contentsOfFile: file.path, encoding: .utf8).split(separator: "\n").map {
            try JSONValue.parse(text: String($0))
        }
        #expect(
            lines.compactMap { $0["table"]?.stringValue }.sorted() == [
                "explanations", "server_changes", "servers", "workflow_steps", "workflows",
            ])
        let server = try #require(lines.first { $0["table"]?.stringValue == "servers" }?["row"])
        #expect(server["id"]?.stringValue == old.description)
        #expect(server["task_state"]?.isNull == true)
        #expect(server["is_deleted"]?.integerValue == 1)
        let workflow = try #require(lines.first { $0["table"]?.stringValue == "workflows" }?["row"])
        #expect(workflow["data"]?["hex"]?.stringValue == "0102")
        await database.close()
    }

    @Test("The file of the database keeps its size however many servers come and go.")
    func flat() async throws {
        let folder = "/tmp/nova-flat-\(UUID128.random())"
        defer { _ = try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/nova.sqlite"
        var sizes: [Int64] = []
        for _ in 0..<5 {
            let database = try Database(path: path, schema: NovaDatabaseSchema.schema, log: Logger(label: "test"))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<150 { group.addTask { _ = try await add(database, deleted: 1) } }
                try await group.waitForAll()
            }
            #expect(try await ServerArchive.run(on: database, deletedBefore: now, to: nil) == 150)
            #expect(try await counts(database) == [0, 0, 0, 0])
            // Not the file's own length: who of the connections ends last decides when the log goes into it.
            sizes.append(try await database.read { try $0.row("PRAGMA page_count") { try $0.int(0) } ?? 0 })
            await database.close()
        }
        let (first, last) = (try #require(sizes.first), try #require(sizes.last))
        #expect(last <= first + first / 2, "\(sizes)")
    }
}
