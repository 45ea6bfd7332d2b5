import DatabaseTestKit
import NovaCore
import NovaDatabase
import NovaModel
import NovaStore
import Testing

@Suite struct ServiceReportTests {
    @Test(arguments: DatabaseKind.available) func aReportMakesTheServiceOnceAndThenMovesItsTimeForward(
        kind: DatabaseKind
    ) async throws {
        let database = try await TestDatabase.make(kind)
        let start = Timestamp.now()
        for seconds: Int64 in [0, 10, 5] {
            try await database.write {
                try HostTable($0).hello(
                    binary: "nova-scheduler", host: "h1", topic: "scheduler", zone: "internal",
                    at: start.adding(seconds: seconds))
            }
        }
        try await database.write {
            try HostTable($0).hello(binary: "nova-scheduler", host: "h2", topic: "scheduler", zone: "internal")
        }
        let services = try await database.read { try HostTable($0).services() }
        #expect(services.map(\.host) == ["h1", "h2"])
        #expect(services.map(\.sequence) == [1, 2])
        // A report that comes late changes nothing.
        #expect(services.first?.createdAt == start)
        #expect(services.first?.updatedAt == start.adding(seconds: 10))
    }

    @Test("A compute host is down when an operator says so.", arguments: DatabaseKind.available)
    func forcedDown(kind: DatabaseKind) async throws {
        let database = try await TestDatabase.make(kind)
        try await database.write { connection in
            let table = HostTable(connection)
            try table.hello(binary: "nova-compute", host: "h1", topic: "compute", zone: "nova")
            #expect(try !table.isForcedDown("h1") && !table.isForcedDown("unknown"))
            var service = try #require(try table.services().first)
            service.isForcedDown = true
            try table.update(service)
            #expect(try table.isForcedDown("h1"))
        }
        await database.close()
    }
}
