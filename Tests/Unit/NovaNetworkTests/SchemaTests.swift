import DatabaseTestKit
import NovaCore
import NovaDatabase
import NovaWire
import Testing

@testable import NovaNetwork

@Suite("The network database's schema")
struct SchemaTests {
    @Test("The whole schema and the migrations lead to the same database.")
    func wholeEqualsMigrations() throws { #expect(try SchemaCheck.differences(NetworkSchema.current) == []) }

    @Test(
        "Each table has exactly the columns that its record declares.",
        arguments: [
            ("networks", NetworkRow.columnNames), ("subnets", SubnetRow.columnNames), ("ports", PortRow.columnNames),
        ])
    func columns(table: String, fields: [String]) async throws {
        let database = try await DatabaseKind.sqlite.open(NetworkSchema.current)
        let columns = try await database.read { connection in
            try connection.rows("SELECT name FROM pragma_table_info(?)", [.text(table)]) { try $0.text(0) }
        }
        #expect(columns.sorted() == fields.sorted())
        await database.close()
    }
}
