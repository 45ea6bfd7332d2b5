import DatabaseTestKit
import NovaCore
import NovaDatabase
import NovaModel
import NovaWire
import Testing

@testable import NovaStore

@Suite("What projects use")
struct ServerUsageTests {
    private let project = ProjectID("p1")

    /// Servers of 2 cores and 512 MiB.
    private func add(_ count: Int, to database: Database) async throws -> [ServerRecord] {
        try await database.write { connection in
            try (0..<count).map { _ in
                var server = TestDatabase.server()
                try ServerTable(connection).insert(&server)
                return server
            }
        }
    }

    private func usage(_ database: Database) async throws -> (Int64, Int64, Int64) {
        try await database.read { [project] in try ServerTable($0).usage(of: project) }
    }

    @Test(
        "A server that gets another flavor uses what that says; a deleted one nothing.",
        arguments: DatabaseKind.available)
    func changes(kind: DatabaseKind) async throws {
        let database = try await TestDatabase.make(kind)
        let servers = try await add(3, to: database)
        try await database.write { connection in
            let table = ServerTable(connection)
            try table.change(servers[0].id) { ($0.flavor.vcpus, $0.flavor.memoryMB) = (8, 4096) }
            try table.change(servers[1].id) { $0.isDeleted = true }
        }
        let used = try await usage(database)
        #expect(used == (2, 10, 4608))
        await database.close()
    }

    @Test(
        "Servers of an older release count, before and after their sizes are filled in.",
        arguments: DatabaseKind.available)
    func olderRows(kind: DatabaseKind) async throws {
        let database = try await TestDatabase.make(kind)
        _ = try await add(5, to: database)
        try await database.write { connection in
            let changed = try connection.execute(
                "UPDATE servers SET vcpus = NULL, memory_mb = NULL WHERE sequence > 2")
            #expect(changed == 3)
        }
        var used = try await usage(database)
        #expect(used == (5, 10, 2560))
        var filled: [Int] = []
        repeat {
            filled.append(try await database.write { try ServerTable($0).fillSizes(limit: 2) })
        } while filled.last != 0 && filled.count < 10
        #expect(filled == [2, 1, 0])
        used = try await usage(database)
        #expect(used == (5, 10, 2560))
        let sums = try await database.read { connection in
            try connection.row("SELECT CAST(sum(vcpus) AS BIGINT) FROM servers") { try $0.int(0) }
        }
        #expect(sums == 10)
        await database.close()
    }

    @Test("counting looks at no server that it does not count")
    func plans() async throws {
        let database = try await TestDatabase.make(.sqlite)
        let expected = [
            (ServerTable.existing(nil), "COVERING INDEX servers_by_use"),
            (ServerTable.softDeleted(nil), "INDEX servers_soft_deleted"),
            (ServerTable.heldByResizes(nil), "INDEX migrations_open"),
        ]
        for (sql, index) in expected {
            let plan = try await database.read { connection in
                try connection.rows("EXPLAIN QUERY PLAN " + sql, [.text("p1")]) { try $0.text(3) }
            }
            #expect(plan.first?.contains(index) == true, "\(plan)")
            #expect(plan.dropFirst().allSatisfy { $0.contains("PRIMARY KEY") }, "\(plan)")
        }
        await database.close()
    }
}
