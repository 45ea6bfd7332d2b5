import DatabaseTestKit
import NovaCore
import NovaDatabase
import NovaWire
import Testing

@Suite struct RecordTests {
    @Test(arguments: DatabaseKind.available) func roundTrips(kind: DatabaseKind) async throws {
        try await roundTrip(try await kind.open(Scratch.schema))
    }

    @Test func roundTripsInAFile() async throws {
        let scratch = try Scratch()
        try await roundTrip(try scratch.open())
    }

    private func roundTrip(_ database: Database) async throws {
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

    private static let values = DatabaseSchema(
        name: "values",
        whole: "CREATE TABLE samples (id INTEGER PRIMARY KEY, number INTEGER, fraction REAL, word TEXT, bytes BLOB)")

    @Test("A list has what its rows have, however much they are alike", arguments: DatabaseKind.available)
    func lists(kind: DatabaseKind) async throws {
        let scratch = try Scratch()
        let database = kind == .sqlite ? try scratch.open() : try await kind.open(Scratch.schema)
        let texts = ["", "a", "b", "a text of more than fifteen bytes", "a text of more than fifteen bytez", "é"]
        let tags = [[], [""], ["x"], ["x", "y"], ["a text of more than fifteen bytes"]]
        let items = (0..<500).map { _ in
            Item(
                texts.randomElement() ?? "", count: Int64.random(in: 0...1),
                note: (texts + [nil]).randomElement() ?? nil,
                tags: tags.randomElement() ?? [])
        }
        try await database.write { connection in for item in items { try connection.insert(item, into: "items") } }
        let (list, single) = try await database.read { connection in
            let list = try connection.records(Item.self, from: "items", suffix: "ORDER BY count, note, \"group\"")
            return (
                list, try list.map { try connection.record(Item.self, from: "items", where: "id = ?", [$0.id.column]) }
            )
        }
        #expect(list.count == 500)
        #expect(list == single)
        #expect(
            Dictionary(uniqueKeysWithValues: list.map { ($0.id, $0) })
                == .init(uniqueKeysWithValues: items.map { ($0.id, $0) }))
        await database.close()
    }

    @Test(arguments: DatabaseKind.available) func valuesKeepTheirBits(kind: DatabaseKind) async throws {
        let database = try await kind.open(Self.values)
        let samples: [[ColumnValue]] = [
            [.integer(.min), .real(0.1), .text(""), .blob([])],
            [
                .integer(.max), .real(-Double.greatestFiniteMagnitude), .text("'; DROP TABLE samples; --"),
                .blob([0, 255]),
            ],
            [
                .integer(-1), .real(.leastNonzeroMagnitude), .text("\\x00 \"$1\" ? ?1 \r\n\t é 🂡"),
                .blob(Array(repeating: 7, count: 300_000)),
            ],
            [.null, .null, .null, .null],
            [
                .integer(4_294_967_296), .real(-0.0), .text(String(repeating: "ü", count: 100_000)),
                .blob([UInt8](0...255)),
            ],
        ]
        try await database.write { connection in
            for (index, sample) in samples.enumerated() {
                try connection.execute(
                    "INSERT INTO samples (id, number, fraction, word, bytes) VALUES (?, ?, ?, ?, ?)",
                    [.integer(Int64(index))] + sample)
            }
        }
        let found = try await database.read { connection in
            try connection.rows("SELECT number, fraction, word, bytes FROM samples ORDER BY id") { row in
                (0..<row.count).map { row.value($0) }
            }
        }
        #expect(found == samples)
        for (index, sample) in samples.enumerated() where sample[0] != .null {
            let matches = try await database.read { connection in
                try connection.rows(
                    "SELECT id FROM samples WHERE number = ?1 AND fraction = ?2 AND word = ?3 AND bytes = ?4 AND number = ?1",
                    sample
                ) { try $0.int(0) }
            }
            #expect(matches == [Int64(index)])
        }
        let past = await #expect(throws: NovaError.self) {
            _ = try await database.read { connection in
                try connection.row("SELECT number + 1 FROM samples WHERE id = 1") { try $0.int(0) }
            }
        }
        // SQLite turns it into a fraction, which is no whole number; PostgreSQL refuses to compute it.
        #expect(past?.code == .internal)
        await database.close()
    }

    @Test(arguments: DatabaseKind.available) func textsOrderByTheirBytes(kind: DatabaseKind) async throws {
        let database = try await kind.open(Self.values)
        let words = ["a", "B", "ä", "_", "Z", "aa", "-a", "é", "z", "\u{10000}", "\u{FFFD}"]
        try await database.write { connection in
            for (index, word) in words.enumerated() {
                try connection.execute(
                    "INSERT INTO samples (id, word) VALUES (?, ?)", [.integer(Int64(index)), .text(word)])
            }
        }
        let found = try await database.read { try $0.rows("SELECT word FROM samples ORDER BY word") { try $0.text(0) } }
        #expect(found == words.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        let above = try await database.read {
            try $0.rows("SELECT word FROM samples WHERE word > ? ORDER BY word", [.text("Z")]) { try $0.text(0) }
        }
        #expect(above == found.filter { "Z".utf8.lexicographicallyPrecedes($0.utf8) })
        await database.close()
    }

    @Test(arguments: DatabaseKind.available) func aTextWithANulByteIsRefused(kind: DatabaseKind) async throws {
        let database = try await kind.open(Self.values)
        let error = await #expect(throws: NovaError.self) {
            try await database.write { try $0.execute("UPDATE samples SET word = ?", [.text("a\u{0}b")]) }
        }
        #expect(error?.code == .badRequest)
        #expect(error?.message.contains("U+0000") == true)
        await database.close()
    }

    @Test(arguments: DatabaseKind.available) func theClockIsTheDatabases(kind: DatabaseKind) async throws {
        let database = try await kind.open(Self.values)
        let before = Timestamp.now().microseconds
        let told = try await database.read { try $0.now().microseconds }
        let after = Timestamp.now().microseconds
        // The same machine's clock, in milliseconds on SQLite.
        #expect(told >= before - 2000 && told <= after + 2000)
        await database.close()
    }

    @Test(arguments: DatabaseKind.available) func errorsHaveTheirCodes(kind: DatabaseKind) async throws {
        let database = try await kind.open(Scratch.schema)
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
        try await database.write { try $0.execute("UPDATE items SET tags = ?", [.blob([255, 1])]) }
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

    @Test(arguments: DatabaseKind.available) func statementsArePreparedOnce(kind: DatabaseKind) async throws {
        let database = try await kind.open(Scratch.schema)
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

    @Test("Only the columns that differ are written.", arguments: DatabaseKind.available)
    func onlyChanges(kind: DatabaseKind) async throws {
        let database = try await kind.open(Scratch.schema)
        let before = Item("g", count: 1, note: "old")
        let after = try await database.write { connection in
            try connection.insert(before, into: "items")
            // What a write of all columns would undo.
            try connection.execute("UPDATE items SET count = 99")
            var item = before
            item.note = nil
            item.tags = ["new"]
            #expect(try connection.update(item, since: before, in: "items", key: "id") == 1)
            #expect(try connection.update(item, since: item, in: "items", key: "id") == 0)
            return try connection.record(Item.self, from: "items", where: "id = ?", [before.id.column])
        }
        #expect(after?.count == 99 && after?.note == nil && after?.tags == ["new"] && after?.group == "g")
        await database.close()
    }
}
