import CommonTestKit
import DatabaseTestKit
import Glibc
import NovaCore
import NovaDatabase
import NovaWire
import Synchronization
import Testing

/// Keeps the writer inside a closure.
private final class Hold: Sendable {
    let isEntered = Atomic(false)
    let mayLeave = Atomic(false)
}

@Suite struct GroupCommitTests {
    /// Holds the writer inside a closure until all the writes wait, so that they must share the next transaction.
    private func grouped(_ database: Database, _ bodies: [@Sendable (Connection) throws -> Void]) async throws -> [Bool]
    {
        let hold = Hold()
        return try await withThrowingTaskGroup(of: (Int, Bool).self) { group in
            group.addTask { [database] in
                try await database.write { _ in
                    hold.isEntered.store(true, ordering: .releasing)
                    while !hold.mayLeave.load(ordering: .acquiring) { usleep(200) }
                }
                return (-1, true)
            }
            try await until("the writer is held") { hold.isEntered.load(ordering: .acquiring) }
            for (index, body) in bodies.enumerated() {
                group.addTask {
                    do {
                        try await database.write(body)
                        return (index, true)
                    } catch {
                        return (index, false)
                    }
                }
            }
            try await until("all writes wait") { database.statistics.waitingWrites >= bodies.count }
            hold.mayLeave.store(true, ordering: .releasing)
            var results = [Bool](repeating: false, count: bodies.count)
            for try await (index, worked) in group where index >= 0 { results[index] = worked }
            return results
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: DatabaseKind.available)
    func waitingWritesShareOneCommit(kind: DatabaseKind) async throws {
        let database = try await kind.open(Scratch.schema)
        let bodies = (0..<64).map { index in
            { @Sendable (connection: Connection) in try connection.insert(Item("g", count: Int64(index)), into: "items")
            }
        }
        let results = try await grouped(database, bodies)
        #expect(results.allSatisfy { $0 })
        #expect(database.statistics.commits == 2)
        #expect(database.statistics.writes == 65)
        let count = try await database.read { try $0.row("SELECT count(*) FROM items") { try $0.int(0) } }
        #expect(count == 64)
        await database.close()
    }

    @Test(.timeLimit(.minutes(1)), arguments: DatabaseKind.available)
    func aFailingMemberDoesNotSpoilTheGroup(kind: DatabaseKind) async throws {
        let database = try await kind.open(Scratch.schema)
        let taken = Item("taken")
        try await database.write { try $0.insert(taken, into: "items") }
        let bodies: [@Sendable (Connection) throws -> Void] = [
            { try $0.insert(Item("before"), into: "items") },
            { connection in
                try connection.insert(Item("undone"), into: "items")
                try connection.insert(taken, into: "items")
            },
            { _ in throw NovaError(.stale, "its own error") },
            { try $0.insert(Item("after"), into: "items") },
        ]
        let results = try await grouped(database, bodies)
        #expect(results == [true, false, false, true])
        // A taken key may be a row that the snapshot did not show: on PostgreSQL it is tried once more.
        #expect(database.statistics.commits == (kind == .postgresql ? 4 : 3))
        #expect(database.statistics.failedWrites == 2)
        let groups = try await database.read { connection in
            try connection.rows("SELECT \"group\" FROM items ORDER BY 1") { try $0.text(0) }
        }
        #expect(groups == ["after", "before", "taken"])
        await database.close()
    }

    @Test(.timeLimit(.minutes(1))) func aRolledBackTransactionFailsAllItsMembers() async throws {
        let scratch = try Scratch()
        let database = try scratch.open()
        let bodies: [@Sendable (Connection) throws -> Void] = [
            { try $0.insert(Item("lost"), into: "items") },
            { try $0.execute("ROLLBACK") },
            { try $0.insert(Item("kept"), into: "items") },
        ]
        let results = try await grouped(database, bodies)
        #expect(results == [false, false, true])
        let groups = try await database.read { try $0.rows("SELECT \"group\" FROM items") { try $0.text(0) } }
        #expect(groups == ["kept"])
        await database.close()
    }

    @Test(.timeLimit(.minutes(1))) func twoDatabasesWriteTheSameFile() async throws {
        let scratch = try Scratch()
        let databases = [try scratch.open(), try scratch.open()]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<200 {
                let database = databases[index % 2]
                group.addTask { try await database.write { try $0.insert(Item("g"), into: "items") } }
            }
            try await group.waitForAll()
        }
        for database in databases {
            let count = try await database.read { try $0.row("SELECT count(*) FROM items") { try $0.int(0) } }
            #expect(count == 200)
            #expect(database.statistics.failedWrites == 0)
            await database.close()
        }
    }

    @Test(.timeLimit(.minutes(1))) func closeServesWhatWaits() async throws {
        let scratch = try Scratch()
        let database = try scratch.open()
        for _ in 0..<10 { try await database.write { try $0.insert(Item("g"), into: "items") } }
        await database.close()
        await database.close()
        let again = try scratch.open()
        let count = try await again.read { try $0.row("SELECT count(*) FROM items") { try $0.int(0) } }
        #expect(count == 10)
        await again.close()
    }
}
