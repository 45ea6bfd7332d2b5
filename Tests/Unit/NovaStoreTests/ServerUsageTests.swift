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

    @Test("Servers of all sizes count, whatever sizes are beside each other.", arguments: DatabaseKind.available)
    func sizes(kind: DatabaseKind) async throws {
        let database = try await TestDatabase.make(kind)
        let sizes: [(vcpus: Int64, memoryMB: Int64)] = [
            (1, 512), (1, 512), (1, 2048), (2, 512), (2, 1024), (2, 1024), (4, 256), (0, 0), (16, 65536), (1, 1024),
        ]
        let servers = try await add(sizes.count, to: database)
        try await database.write { connection in
            for (server, size) in zip(servers, sizes) {
                try ServerTable(connection).change(server.id) {
                    ($0.flavor.vcpus, $0.flavor.memoryMB) = (size.vcpus, size.memoryMB)
                }
            }
        }
        var used = try await usage(database)
        #expect(used == (10, 30, 72448))
        try await database.write { try ServerTable($0).change(servers[8].id) { $0.isDeleted = true } }
        used = try await usage(database)
        #expect(used == (9, 14, 6912))
        let ofUser = try await database.read { [project] in
            try ServerTable($0).usage(of: project, user: servers[0].userID)
        }
        #expect(ofUser == (9, 14, 6912))
        let nothing = try await database.read { try ServerTable($0).usage(of: ProjectID("another")) }
        #expect(nothing == (0, 0, 0))
        await database.close()
    }

    @Test("counting looks at no server that it does not count")
    func plans() async throws {
        let database = try await TestDatabase.make(.sqlite)
        let expected: [(sql: String, allowed: [String])] = [
            (ServerTable.existing(nil), ["INDEX servers_by_use", "sqlite_autoindex_servers_1"]),
            (ServerTable.softDeleted(nil), ["INDEX servers_soft_deleted"]),
            (ServerTable.heldByResizes(nil), ["INDEX migrations_open", "sqlite_autoindex_servers_1"]),
        ]
        for (sql, allowed) in expected {
            let plan = try await database.read { connection in
                try connection.rows("EXPLAIN QUERY PLAN " + sql, [.text("p1")]) { try $0.text(3) }
            }
            let lookups = plan.filter { $0.hasPrefix("SEARCH") }
            #expect(!lookups.isEmpty)
            #expect(lookups.allSatisfy { lookup in allowed.contains { lookup.contains($0) } }, "\(plan)")
            // The sizes themselves are gone through, a handful.
            let scans = plan.filter { $0.hasPrefix("SCAN") && !$0.hasSuffix("sizes") && !$0.hasSuffix("smallest") }
            #expect(scans.allSatisfy { $0.contains("migrations_open") }, "\(plan)")
        }
        // Each size is counted by both of its columns, from the index alone.
        let plan = try await database.read { connection in
            try connection.rows("EXPLAIN QUERY PLAN " + ServerTable.existing(nil), [.text("p1")]) { try $0.text(3) }
        }
        let counts = plan.filter { $0.contains("COVERING INDEX servers_by_use") && $0.contains("memory_mb=?") }
        #expect(counts.count == 1, "\(plan)")
        await database.close()
    }
}
