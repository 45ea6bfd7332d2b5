import DatabaseTestKit
import NovaCore
import NovaDatabase
import NovaWire
import Testing

/// Statements whose outcome nobody waits for, and rows that a transaction has in hand.
@Suite("Posted statements", .timeLimit(.minutes(1)))
struct PostedStatementTests {
    private func counts(_ database: Database) async throws -> [String: Int64] {
        try await database.read { connection in
            let rows = try connection.records(Item.self, from: "items")
            return Dictionary(rows.map { ($0.group, $0.count) }) { first, _ in first }
        }
    }

    @Test("what was posted last is there, and is thrown when it fails", arguments: DatabaseKind.available)
    func lastOnes(kind: DatabaseKind) async throws {
        let database = try await kind.open(Scratch.schema)
        let item = Item("a")
        try await database.write { connection in
            try connection.insert(item, into: "items")
            try connection.post("UPDATE items SET count = count + 1")
        }
        #expect(try await counts(database) == ["a": 2])
        let error = await #expect(throws: NovaError.self) {
            try await database.write { connection in
                try connection.post("UPDATE items SET count = 100")
                try connection.insert(item, into: "items")
            }
        }
        #expect(error?.code == .conflict)
        #expect(try await counts(database) == ["a": 2])
        await database.close()
    }

    @Test("each statement sees what was posted before it", arguments: DatabaseKind.available)
    func order(kind: DatabaseKind) async throws {
        let database = try await kind.open(Scratch.schema)
        try await database.write { connection in
            // More than are kept waiting.
            for index in 0..<200 { try connection.insert(Item("\(index)", count: 1), into: "items") }
            try connection.post("UPDATE items SET count = 5")
            #expect(try connection.row("SELECT count(*) FROM items WHERE count = 5") { try $0.int(0) } == 200)
            try connection.post("UPDATE items SET count = 6")
            #expect(try connection.execute("DELETE FROM items WHERE count = 6") == 200)
        }
        #expect(try await counts(database).isEmpty)
        await database.close()
    }

    @Test("who settles is told there, and may say it in other words", arguments: DatabaseKind.available)
    func settle(kind: DatabaseKind) async throws {
        let database = try await kind.open(Scratch.schema)
        let item = Item("a")
        try await database.write { try $0.insert(item, into: "items") }
        let error = await #expect(throws: NovaError.self) {
            try await database.write { connection in
                do {
                    try connection.insert(item, into: "items")
                    try connection.settle()
                } catch let error as NovaError where error.code == .conflict {
                    throw NovaError(.badRequest, "taken")
                }
            }
        }
        #expect(error?.message == "taken")
        await database.close()
    }

    @Test("one that fails takes none of its neighbours' changes along", arguments: DatabaseKind.available)
    func neighbours(kind: DatabaseKind) async throws {
        let database = try await kind.open(Scratch.schema)
        let taken = Item("taken")
        try await database.write { try $0.insert(taken, into: "items") }
        let failures = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<60 {
                group.addTask { [database] in
                    do {
                        try await database.write { connection in
                            try connection.insert(Item("\(index)"), into: "items")
                            if index % 3 == 0 { try connection.insert(taken, into: "items") }
                        }
                        return false
                    } catch {
                        #expect(NovaError(error).code == .conflict && index % 3 == 0)
                        return true
                    }
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(failures == 20)
        #expect(try await counts(database).count == 41)
        await database.close()
    }

    @Test("who reads may not post", arguments: DatabaseKind.available)
    func readers(kind: DatabaseKind) async throws {
        let database = try await kind.open(Scratch.schema)
        await #expect(throws: NovaError.self) {
            try await database.read { try $0.post("DELETE FROM items") }
        }
        await database.close()
    }

    @Test("a row in hand is as the transaction has left it, and forgotten with it", arguments: DatabaseKind.available)
    func inHand(kind: DatabaseKind) async throws {
        let database = try await kind.open(Scratch.schema)
        let item = Item("a", count: 1)
        @Sendable func keyed(_ connection: Connection) throws -> Item? {
            try connection.keyed(Item.self, in: "items", item.id.column)
        }
        try await database.write { connection in
            #expect(try keyed(connection) == nil)
            try connection.insert(item, into: "items")
            let before = try #require(try keyed(connection))
            var after = before
            after.count = 2
            try connection.postChange(of: before, to: after, in: "items", item.id.column)
            #expect(try keyed(connection) == after)
            // Others than by key are seen, too.
            try connection.execute("UPDATE items SET count = 3")
            #expect(try keyed(connection)?.count == 3)
            try connection.post("UPDATE items SET count = 4")
            #expect(try keyed(connection)?.count == 4)
        }
        // What is undone is in nobody's hand.
        await #expect(throws: NovaError.self) {
            try await database.write { connection in
                let before = try #require(try keyed(connection))
                var after = before
                after.count = 9
                try connection.postChange(of: before, to: after, in: "items", item.id.column)
                throw NovaError(.badRequest, "no")
            }
        }
        #expect(try await database.write { try keyed($0)?.count } == 4)
        #expect(try await database.read { try keyed($0)?.count } == 4)
        await database.close()
    }
}
