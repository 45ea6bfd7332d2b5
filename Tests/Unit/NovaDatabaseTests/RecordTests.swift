import Logging
import NovaCore
import NovaDatabase
import NovaWire
import Testing

@Suite struct RecordTests {
    @Test(arguments: [true, false]) func roundTrips(inMemory: Bool) async throws {
        let scratch = try Scratch()
        let database =
            inMemory
            ? try Database(path: ":memory:", schema: Scratch.schema, log: Logger(label: "test")) : try scratch.open()
        var item = Item("a", count: -7, note: "", tags: ["x", "é"])
        let other = Item("b")
        let (first, second) = (item, other)
        try await database.write { connection in
            try connection.insert(first, into: "items")
            try connection.insert(second, into: "items")
        }
        let found = try await database.read {
            try $0.records(Item.self, from: "items", suffix: "ORDER BY \"items\".\"group\"")
        }
        #expect(found == [item, other])

        item.note = nil
        item.count = 8
        let changed = item
        let updated = try await database.write { try $0.update(changed, in: "items", key: "id") }
        #expect(updated == 1)
        let one = try await database.read {
            try $0.record(Item.self, from: "items", where: "id = ?", [changed.id.column])
        }
        #expect(one == item)

        var replaced = other
        replaced.tags = ["new"]
        let upserted = replaced
        try await database.write { try $0.upsert(upserted, into: "items", key: ["id"]) }
        let missing = try await database.read {
            try $0.record(Item.self, from: "items", where: "id = ?", [ServerID.random().column])
        }
        #expect(missing == nil)
        let tags = try await database.read { connection in
            try connection.row("SELECT tags FROM items WHERE id = ?", [upserted.id.column]) {
                try $0.field(0, as: [String].self)
            }
        }
        #expect(tags == ["new"])
        await database.close()
    }

    @Test func textAndBlobsKeepTheirBytes() async throws {
        let scratch = try Scratch()
        let database = try scratch.open()
        let values: [ColumnValue] = [
            .text(""), .text("a\u{0}b"), .blob([]), .blob([0, 255]), .real(0.5), .integer(.min), .null,
        ]
        let found = try await database.read { connection in
            try connection.row("SELECT ?, ?, ?, ?, ?, ?, ?", values) { row in (0..<row.count).map { row.value($0) } }
        }
        #expect(found == values)
        await database.close()
    }

    @Test func errorsHaveTheirCodes() async throws {
        let scratch = try Scratch()
        let database = try scratch.open()
        let item = Item("a")
        try await database.write { try $0.insert(item, into: "items") }
        let unique = await #expect(throws: NovaError.self) {
            try await database.write { try $0.insert(item, into: "items") }
        }
        #expect(unique?.code == .conflict)
        let foreign = await #expect(throws: NovaError.self) {
            try await database.write { try $0.execute("UPDATE items SET owner = 5") }
        }
        #expect(foreign?.code == .conflict)
        try await database.write { try $0.execute("UPDATE items SET count = 'many'") }
        let damaged = await #expect(throws: NovaError.self) {
            try await database.read { try $0.records(Item.self, from: "items") }
        }
        #expect(damaged?.code == .internal)
        #expect(damaged?.details.contains("table items") == true)
        let written = await #expect(throws: NovaError.self) {
            try await database.read { _ = try $0.execute("DELETE FROM items") }
        }
        #expect(written?.details.contains("a write in a read") == true)
        let unknown = await #expect(throws: NovaError.self) {
            try await database.read { try $0.rows("SELECT \"items\".\"nothing\" FROM items") { try $0.text(0) } }
        }
        #expect(unknown?.code == .internal)
        await database.close()
        let closed = await #expect(throws: NovaError.self) { try await database.read { _ in 1 } }
        #expect(closed?.code == .unavailable)
    }

    @Test func statementsArePreparedOnce() async throws {
        let scratch = try Scratch()
        let database = try scratch.open()
        try await database.write { try $0.insert(Item("warm"), into: "items") }
        let before = database.statistics.prepared
        for _ in 0..<50 { try await database.write { try $0.insert(Item("a"), into: "items") } }
        #expect(database.statistics.prepared == before)
        // The same text while its rows are being read needs a statement of its own, and gets one.
        let pairs = try await database.read { connection in
            try connection.rows("SELECT id FROM items") { _ in
                try connection.row("SELECT id FROM items") { try $0.text(0) } != nil
            }
        }
        #expect(pairs.count == 51)
        await database.close()
    }
}
