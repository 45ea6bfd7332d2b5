import DatabaseTestKit
import NovaCore
import NovaDatabase
import NovaModel
import NovaStore
import Testing

@Suite("Servers in the database")
struct ServerTableTests {
    @Test(
        "A server comes back as it was written, with a sequence number of its own.", arguments: DatabaseKind.available)
    func roundTrip(kind: DatabaseKind) async throws {
        let database = try await TestDatabase.make(kind)
        let written = try await database.write { connection in
            var first = TestDatabase.server()
            first.fault = ServerFault(NovaError(.noValidHost, "No valid host was found."))
            first.metadata = ["a": "b"]
            try ServerTable(connection).insert(&first)
            var second = TestDatabase.server()
            try ServerTable(connection).insert(&second)
            return [first, second]
        }
        #expect(written.map(\.sequence) == [1, 2])
        let read = try await database.read { try ServerTable($0).find(written[0].id) }
        #expect(read == written[0])
        await database.close()
    }

    @Test("Lists go newest first, page by marker, and stay within the project.", arguments: DatabaseKind.available)
    func paging(kind: DatabaseKind) async throws {
        let database = try await TestDatabase.make(kind)
        try await database.write { connection in
            for index in 0..<5 {
                var server = TestDatabase.server(project: index == 2 ? "other" : "p1")
                server.name = "s\(index)"
                server.createdAt = Timestamp(microseconds: Int64(index))
                try ServerTable(connection).insert(&server)
            }
        }
        var filter = ServerFilter()
        filter.project = ProjectID("p1")
        filter.limit = 2
        let first = try await database.read { [filter] in try ServerTable($0).list(filter) }
        #expect(first.map(\.name) == ["s4", "s3"])
        filter.marker = first.last?.id
        let second = try await database.read { [filter] in try ServerTable($0).list(filter) }
        #expect(second.map(\.name) == ["s1", "s0"])
        filter.marker = .random()
        await #expect(throws: NovaError.self) {
            try await database.read { [filter] in try ServerTable($0).list(filter) }
        }
        await database.close()
    }

    @Test("Usage is what the live servers of a project sum up to.", arguments: DatabaseKind.available)
    func usage(kind: DatabaseKind) async throws {
        let database = try await TestDatabase.make(kind)
        let usage = try await database.write { connection in
            let table = ServerTable(connection)
            var live = TestDatabase.server()
            try table.insert(&live)
            var deleted = TestDatabase.server()
            deleted.isDeleted = true
            try table.insert(&deleted)
            return try table.usage(of: ProjectID("p1"))
        }
        #expect(usage == (1, 2, 512))
        await database.close()
    }
}
