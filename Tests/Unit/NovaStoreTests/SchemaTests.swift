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
        ])
    func columns(table: String, fields: [String]) async throws {
        let database = try await TestDatabase.make()
        let columns = try await database.read { connection in
            try connection.rows("SELECT name FROM pragma_table_info(?)", [.text(table)]) { try $0.text(0) }
        }
        #expect(columns.sorted() == fields.sorted())
        await database.close()
    }
}
