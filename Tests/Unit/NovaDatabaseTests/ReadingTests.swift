import CommonTestKit
import DatabaseTestKit
import FoundationEssentials
import Glibc
import NovaCore
import NovaWire
import Synchronization
import Testing

@testable import NovaDatabase

/// What one task tells the others.
private final class Flag: Sendable {
    private let state = Atomic(false)

    var isSet: Bool { state.load(ordering: .acquiring) }
    func set() { state.store(true, ordering: .releasing) }
}

@Suite("Readings beside the writer", .timeLimit(.minutes(1)))
struct ReadingTests {
    /// The name of the calling thread.
    private static func thread() throws -> String {
        try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
    }

    @Test("a short one stays on its caller's thread, a scan does not; both read only")
    func threads() async throws {
        let scratch = try Scratch()
        let database = try scratch.open()
        #expect(try await !database.read { _ in try Self.thread() }.hasPrefix("db-"))
        #expect(try await database.scan { _ in try Self.thread() }.hasPrefix("db-test-r"))
        await #expect(throws: NovaError.self) { try await database.read { try $0.insert(Item("x"), into: "items") } }
        await #expect(throws: NovaError.self) { try await database.scan { try $0.insert(Item("x"), into: "items") } }
        #expect(try await database.read { try $0.records(Item.self, from: "items") }.isEmpty)
        #expect(database.statistics.reads == 5)
        await database.close()
    }

    @Test("what was committed is seen by all who ask later", arguments: DatabaseKind.available)
    func commitsAreSeen(kind: DatabaseKind) async throws {
        let scratch = try Scratch()
        let database = kind == .sqlite ? try scratch.open() : try await kind.open(Scratch.schema)
        var item = Item("counter", count: 0)
        try await database.write { [item] in try $0.insert(item, into: "items") }
        for count in 1...40 as ClosedRange<Int64> {
            item.count = count
            try await database.write { [item] in _ = try $0.update(item, in: "items", key: "id") }
            let seen = try await withThrowingTaskGroup(of: Int64?.self) { group in
                for index in 0..<8 {
                    group.addTask {
                        let count: @Sendable (Connection) throws -> Int64? = { connection in
                            try connection.row("SELECT count FROM items") { try $0.int(0) }
                        }
                        return index % 4 == 0 ? try await database.scan(count) : try await database.read(count)
                    }
                }
                return try await group.reduce(into: Set<Int64?>()) { $0.insert($1) }
            }
            #expect(seen == [count])
        }
        await database.close()
    }

    @Test("a closure sees one state while others write", arguments: DatabaseKind.available)
    func oneState(kind: DatabaseKind) async throws {
        let scratch = try Scratch()
        let database = kind == .sqlite ? try scratch.open() : try await kind.open(Scratch.schema)
        let (left, right) = (Item("left", count: 1000), Item("right", count: 0))
        try await database.write { connection in
            try connection.insert(left, into: "items")
            try connection.insert(right, into: "items")
        }
        let isOver = Flag()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { isOver.set() }
                for _ in 0..<50 {
                    try await database.write { connection in
                        try connection.execute("UPDATE items SET count = count - 1 WHERE \"group\" = 'left'")
                        try connection.execute("UPDATE items SET count = count + 1 WHERE \"group\" = 'right'")
                    }
                }
            }
            for _ in 0..<4 {
                group.addTask {
                    while !isOver.isSet {
                        let sum = try await database.read { connection in
                            try ["left", "right"].reduce(Int64(0)) { sum, name in
                                try sum
                                    + (connection.row("SELECT count FROM items WHERE \"group\" = ?", [.text(name)]) {
                                        try $0.int(0)
                                    } ?? 0)
                            }
                        }
                        #expect(sum == 1000)
                        await Task.yield()
                    }
                }
            }
            try await group.waitForAll()
        }
        await database.close()
    }

    @Test("so many connections are lent, and none once they are closed")
    func lending() throws {
        let scratch = try Scratch()
        let database = try scratch.open()
        let readers = SQLiteReaders(path: scratch.path)
        let lent = (0..<4).compactMap { _ in readers.borrow() }
        #expect(lent.count == 4)
        #expect(readers.borrow() == nil)
        let count = try lent[3].read { try $0.row("SELECT count(*) FROM items") { try $0.int(0) } }
        #expect(count == 0)
        readers.giveBack(lent[1])
        #expect(readers.borrow() === lent[1])
        readers.close()
        readers.giveBack(lent[0])
        #expect(readers.borrow() == nil)
        withExtendedLifetime(database) {}
    }

    @Test("a closure that throws, or whose connection's transaction is over, leaves the connection usable")
    func failures() async throws {
        let scratch = try Scratch()
        let database = try scratch.open()
        for _ in 0..<10 {
            await #expect(throws: NovaError.self) {
                try await database.read { _ in throw NovaError(.stale, "its own error") }
            }
            await #expect(throws: NovaError.self) { try await database.read { try $0.execute("SELECT nothing") } }
        }
        #expect(try await database.read { try $0.row("SELECT 1") { try $0.int(0) } } == 1)
        await database.close()
        await #expect(throws: NovaError.self) { try await database.read { try $0.row("SELECT 1") { try $0.int(0) } } }
    }

    @Test("the end waits for a reading on a caller's thread")
    func theEndWaits() async throws {
        let scratch = try Scratch()
        let database = try scratch.open()
        let isReading = Flag()
        let hasEnded = Flag()
        async let value = database.read { connection in
            isReading.set()
            usleep(100_000)
            #expect(!hasEnded.isSet)
            return try connection.row("SELECT 7") { try $0.int(0) }
        }
        try await until("the reading") { isReading.isSet }
        await database.close()
        hasEnded.set()
        #expect(try await value == 7)
    }

    @Test("what is made of rows is made anew when another process has changed them, and only then")
    func remembered() async throws {
        let scratch = try Scratch()
        let database = try scratch.open()
        let other = try scratch.open()
        let made = Mutex(0)
        let count: @Sendable (Connection) throws -> Int64 = { connection in
            try connection.remembered("count") {
                made.withLock { $0 += 1 }
                return try connection.row("SELECT count(*) FROM items") { try $0.int(0) } ?? -1
            }
        }
        for _ in 0..<3 { #expect(try await database.read(count) == 0) }
        #expect(made.withLock { $0 } == 1)
        #expect(try await database.read { try $0.remembered("another") { "text" } } == "text")
        for expected in 1...5 as ClosedRange<Int64> {
            try await (expected % 2 == 0 ? database : other).write { try $0.insert(Item("x"), into: "items") }
            for _ in 0..<3 { #expect(try await database.read(count) == expected) }
        }
        #expect(made.withLock { $0 } == 6)
        await other.close()
        await database.close()
    }

    @Test("nothing is remembered where nobody can tell of changes", arguments: DatabaseKind.available)
    func notRemembered(kind: DatabaseKind) async throws {
        let database = try await kind.open(Scratch.schema)
        for expected in 0...3 as ClosedRange<Int64> {
            let count = try await database.read { connection in
                try connection.remembered("count") {
                    try connection.row("SELECT count(*) FROM items") { try $0.int(0) } ?? -1
                }
            }
            #expect(count == expected)
            try await database.write { try $0.insert(Item("x"), into: "items") }
        }
        await database.close()
    }
}
