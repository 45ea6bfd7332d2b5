import DatabaseTestKit
import Foundation
import NovaCore
import NovaDatabase
import NovaModel
import NovaStore
import NovaWire
import PlacementStore
import Testing

@Suite("The nova database's schema")
struct SchemaTests {
    @Test("The whole schema and the migrations lead to the same database.")
    func wholeEqualsMigrations() throws {
        #expect(try SchemaCheck.differences(NovaDatabaseSchema.schema) == [])
    }

    @Test(
        "Each record table has exactly the columns that its record declares.",
        arguments: [
            ("servers", ServerRecord.columnNames + ["vcpus", "memory_mb"]), ("flavors", Flavor.columnNames),
            ("key_pairs", KeyPair.columnNames),
            ("services", ServiceRecord.columnNames), ("workflows", WorkflowRecord.columnNames),
            ("workflow_steps", WorkflowStepRecord.columnNames), ("server_changes", ServerChange.columnNames),
            ("findings", Finding.columnNames), ("reconcilers", ReconcilerStatus.columnNames),
            ("aggregates", Aggregate.columnNames), ("server_groups", ServerGroup.columnNames),
            ("migrations", MigrationRecord.columnNames), ("security_groups", SecurityGroup.columnNames),
            ("drains", DrainRecord.columnNames), ("drain_moves", DrainMove.columnNames),
        ])
    func columns(table: String, fields: [String]) async throws {
        let database = try await TestDatabase.make()
        let columns = try await database.read { connection in
            try connection.rows("SELECT name FROM pragma_table_info(?)", [.text(table)]) { try $0.text(0) }
        }
        #expect(columns.sorted() == fields.sorted())
        await database.close()
    }

    @Test(
        "A database of the first release is brought up to date, and its servers count.",
        arguments: DatabaseKind.available)
    func migrations(kind: DatabaseKind) async throws {
        let folder = "/tmp/nova-migrations-\(UUID128.random())"
        defer { _ = try? FileManager.default.removeItem(atPath: folder) }
        let address: DatabaseAddress =
            kind == .sqlite ? .sqlite(path: "\(folder)/nova.sqlite") : .postgresql(try DatabaseKind.target())
        let schema = NovaDatabaseSchema.schema
        let first = try #require(schema.migrations.first)
        let old = try await DatabaseKind.open(
            address, DatabaseSchema(name: schema.name, whole: first.sql, migrations: [first]))
        var server = TestDatabase.server()
        server.sequence = 1
        var workflow = WorkflowRecord()
        (workflow.id, workflow.serverID, workflow.state) = (.random(), server.id, .succeeded)
        try await old.write { [server, workflow] connection in
            for (table, record) in [("servers", server), ("workflows", workflow)] as [(String, any Record)] {
                let all = zip(type(of: record).columnNames, record.columns)
                // Those that the first release had.
                let some = all.filter { first.sql.contains("    \($0.0) ") }
                let names = some.map { "\"\($0.0)\"" }.joined(separator: ", ")
                let places = some.map { _ in "?" }.joined(separator: ", ")
                try connection.execute("INSERT INTO \(table) (\(names)) VALUES (\(places))", some.map(\.1))
            }
        }
        await old.close()
        let new = try await DatabaseKind.open(address, schema)
        let kept = try await new.read { [server, workflow] connection in
            (
                try ServerTable(connection).find(server.id),
                try connection.keyed(WorkflowRecord.self, in: "workflows", workflow.id.column)
            )
        }
        #expect(kept.0 == server)
        #expect(kept.1 == workflow)
        for isFilled in [false, true] {
            let used = try await new.read { try ServerTable($0).usage(of: ProjectID("p1")) }
            #expect(used == (1, 2, 512))
            let filled = try await new.write { try ServerTable($0).fillSizes(limit: 10) }
            #expect(filled == (isFilled ? 0 : 1))
        }
        await new.close()
    }
}
