import Glibc
import Logging
import NovaCore
import NovaDatabase
import NovaWire
import Testing

@Suite struct SchemaTests {
    private static let steps = [
        Migration(number: 1, name: "first", sql: "CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT NOT NULL)"),
        Migration(number: 2, name: "size", sql: "ALTER TABLE a ADD COLUMN size INTEGER NOT NULL DEFAULT 0"),
        Migration(number: 3, name: "index", sql: "CREATE INDEX a_by_name ON a (name)"),
    ]
    private static let whole = """
        -- comments and layout do not matter
        CREATE TABLE a (
            id INTEGER PRIMARY KEY,  -- nor here
            name TEXT NOT NULL, size INTEGER NOT NULL DEFAULT 0
        );
        CREATE INDEX a_by_name ON a (name);
        """

    private static func schema(_ steps: [Migration], whole: String = whole) -> DatabaseSchema {
        DatabaseSchema(name: "steps", whole: whole, migrations: steps)
    }

    @Test func wholeEqualsMigrations() throws {
        #expect(try SchemaCheck.differences(Self.schema(Self.steps)).isEmpty)
        let wrong = try SchemaCheck.differences(Self.schema(Array(Self.steps.prefix(2))))
        #expect(wrong.count == 1)
        #expect(wrong.first?.hasPrefix("index a_by_name") == true)
    }

    @Test func anOlderDatabaseIsMigratedAndKeepsItsRows() async throws {
        let scratch = try Scratch()
        let old = try scratch.open(Self.schema([Self.steps[0]], whole: Self.steps[0].sql))
        try await old.write { try $0.execute("INSERT INTO a (name) VALUES ('kept')") }
        await old.close()
        let new = try scratch.open(Self.schema(Self.steps))
        let row = try await new.read { try $0.row("SELECT name, size FROM a") { "\(try $0.text(0)) \(try $0.int(1))" } }
        #expect(row == "kept 0")
        let version = try await new.read { try $0.row("PRAGMA user_version") { try $0.int(0) } }
        #expect(version == 3)
        await new.close()
    }

    @Test func aNewerDatabaseIsRefused() async throws {
        let scratch = try Scratch()
        await (try scratch.open(Self.schema(Self.steps))).close()
        let error = #expect(throws: NovaError.self) {
            _ = try scratch.open(Self.schema([Self.steps[0]], whole: Self.steps[0].sql))
        }
        #expect(error?.message.contains("newer version") == true)
    }

    @Test func aFailedMigrationChangesNothing() async throws {
        let scratch = try Scratch()
        let first = Self.schema([Self.steps[0]], whole: Self.steps[0].sql)
        await (try scratch.open(first)).close()
        let broken = Migration(number: 3, name: "broken", sql: "CREATE INDEX nothing ON missing (name)")
        let error = #expect(throws: NovaError.self) {
            _ = try scratch.open(Self.schema(Array(Self.steps.prefix(2)) + [broken]))
        }
        #expect(error?.details.contains("migration 3 (broken)") == true)
        await (try scratch.open(first)).close()
    }

    @Test func anotherServicesFileIsRefused() async throws {
        let scratch = try Scratch()
        await (try scratch.open()).close()
        let error = #expect(throws: NovaError.self) { _ = try scratch.open(Self.schema(Self.steps)) }
        #expect(error?.message.contains("another program or service") == true)
    }

    @Test func aDamagedFileIsNamed() throws {
        let scratch = try Scratch()
        let descriptor = open(scratch.path, O_WRONLY | O_CREAT, 0o600)
        let garbage = [UInt8](repeating: 0x5A, count: 8192)
        #expect(write(descriptor, garbage, garbage.count) == 8192)
        close(descriptor)
        let error = #expect(throws: NovaError.self) { _ = try scratch.open() }
        #expect(error?.message == "The database file is damaged. Restore it from a backup.")
        #expect(error?.details.contains(scratch.path) == true)
    }

    @Test func aFolderThatCannotBeMadeIsNamed() {
        let error = #expect(throws: NovaError.self) {
            _ = try Database(path: "/proc/nothing/x.sqlite", schema: Scratch.schema, log: Logger(label: "test"))
        }
        #expect(error?.code == .unavailable)
    }
}
