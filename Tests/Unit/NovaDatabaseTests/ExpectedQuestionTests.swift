import DatabaseTestKit
import NovaCore
import NovaDatabase
import NovaWire
import Testing

/// What a closure says that it will ask for.
@Suite("Expected questions", .timeLimit(.minutes(1)))
struct ExpectedQuestionTests {
    private static let total = "SELECT CAST(coalesce(sum(count), 0) AS BIGINT) FROM items"

    private func total(_ connection: Connection) throws -> Int64? {
        try connection.row(Self.total) { try $0.int(0) }
    }

    private func open(_ kind: DatabaseKind) async throws -> Database {
        let database = try await kind.open(Scratch.schema)
        try await database.write { connection in
            try connection.insert(Item("a", count: 1), into: "items")
            try connection.insert(Item("b", count: 2), into: "items")
        }
        return database
    }

    @Test("they are answered as if nobody had expected them, whatever comes between", arguments: DatabaseKind.available)
    func answers(kind: DatabaseKind) async throws {
        let database = try await open(kind)
        try await database.read { connection in
            try connection.expect(Item.self, from: "items", where: "\"group\" = ?", [.text("b")])
            try connection.expect(Self.total, [])
            try connection.expect(Self.total, [])
            #expect(try connection.row("SELECT 7") { try $0.int(0) } == 7)
            #expect(try total(connection) == 3)
            #expect(try total(connection) == 3)
            let found = try connection.record(Item.self, from: "items", where: "\"group\" = ?", [.text("b")])
            #expect(found?.count == 2)
            // Other values are another question.
            #expect(try connection.record(Item.self, from: "items", where: "\"group\" = ?", [.text("c")]) == nil)
        }
        await database.close()
    }

    @Test("an answer shows what the closure has written since it said so", arguments: DatabaseKind.available)
    func ownWrites(kind: DatabaseKind) async throws {
        let database = try await open(kind)
        try await database.write { connection in
            try connection.expect(Self.total, [])
            try connection.post("UPDATE items SET count = count + 10")
            #expect(try total(connection) == 23)
            try connection.expect(Self.total, [])
            #expect(try total(connection) == 23)
            #expect(try connection.execute("UPDATE items SET count = 0") == 2)
            #expect(try total(connection) == 0)
            // Written before it is said.
            try connection.post("UPDATE items SET count = 4")
            try connection.expect(Self.total, [])
            #expect(try total(connection) == 8)
        }
        await database.close()
    }

    @Test("what nobody asks after all changes nothing", arguments: DatabaseKind.available)
    func unasked(kind: DatabaseKind) async throws {
        let database = try await open(kind)
        await #expect(throws: NovaError.self) {
            try await database.write { connection in
                try connection.post("UPDATE items SET count = 100")
                try connection.expect(Self.total, [])
                throw NovaError(.badRequest, "no")
            }
        }
        try await database.write { connection in
            try connection.post("UPDATE items SET count = count + 1")
            try connection.expect(Self.total, [])
        }
        try await database.read { try $0.expect(Self.total, []) }
        #expect(try await database.read { try total($0) } == 5)
        await database.close()
    }

    @Test("one that fails fails where it is asked, at the latest", arguments: DatabaseKind.available)
    func failures(kind: DatabaseKind) async throws {
        let database = try await open(kind)
        await #expect(throws: NovaError.self) {
            try await database.read { connection in
                try connection.expect("SELECT nothing FROM items", [])
                _ = try connection.row("SELECT nothing FROM items") { try $0.int(0) }
            }
        }
        #expect(try await database.read { try total($0) } == 3)
        await database.close()
    }
}
