import Logging
import NovaCore
import NovaDatabase
import NovaWire
import Testing

@Suite("Databases that services of a process share")
struct OpenDatabasesTests {
    private let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func open(_ databases: OpenDatabases, _ path: String) throws -> Database {
        try databases.open(.sqlite(path: path), schema: Scratch.schema, log: log)
    }

    @Test("One file is opened once, told of once, and open until the last service has closed it.")
    func shared() async throws {
        let scratch = try Scratch()
        let databases = OpenDatabases()
        let first = try open(databases, scratch.path)
        let second = try databases.open(.sqlite(path: scratch.path), schema: Scratch.schema, log: log) { _ in
            Issue.record("it was open already")
        }
        #expect(first === second)
        await first.close()
        try await second.write { try $0.execute("INSERT INTO owners VALUES (1)") }
        await second.close()
        await #expect(throws: NovaError.self) {
            try await second.write { try $0.execute("INSERT INTO owners VALUES (2)") }
        }
        let again = try open(databases, scratch.path)
        #expect(again !== first)
        let owners = try await again.read { try $0.rows("SELECT id FROM owners") { try $0.int(0) } }
        #expect(owners == [1])
        await again.close()
    }

    @Test("Another file is another database, and what cannot be opened leaves the others.")
    func others() async throws {
        let (scratch, another) = (try Scratch(), try Scratch())
        let databases = OpenDatabases()
        let first = try open(databases, scratch.path)
        let second = try open(databases, another.path)
        #expect(first !== second)
        #expect(throws: NovaError.self) { try open(databases, "\(scratch.path)/in-a-file") }
        let shared = try open(databases, scratch.path)
        #expect(shared === first)
        for database in [first, second, shared] { await database.close() }
    }
}
