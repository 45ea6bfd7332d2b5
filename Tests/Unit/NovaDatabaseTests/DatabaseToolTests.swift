import DatabaseTestKit
import Foundation
import Logging
import NovaCore
import NovaDatabase
import NovaWire
import Testing

@Suite struct DatabaseToolTests {
    private static func insert(_ database: Database, _ id: Int64) async throws {
        try await database.write { try $0.execute("INSERT INTO owners (id) VALUES (?)", [.integer(id)]) }
    }

    private static func ids(_ database: Database) async throws -> [Int64] {
        try await database.read { try $0.rows("SELECT id FROM owners ORDER BY id") { try $0.int(0) } }
    }

    @Test func aBackupIsOneMomentAndComesBack() async throws {
        let scratch = try Scratch()
        let copy = "\(scratch.folder)/copy"
        defer { for end in ["", "-wal", "-shm"] { _ = try? FileManager.default.removeItem(atPath: copy + end) } }
        let tool = DatabaseTool(.sqlite(path: scratch.path), schema: Scratch.schema)
        let missing = #expect(throws: NovaError.self) { try tool.backUp(to: copy) }
        #expect(missing?.code == .notFound)
        let database = try scratch.open()
        for id in 1...20 { try await Self.insert(database, Int64(id)) }
        // Writes go on meanwhile: the copy has all of those before it, and the others or none, in order.
        let writer = Task { for id in 21...200 { try await Self.insert(database, Int64(id)) } }
        try tool.backUp(to: copy)
        try await writer.value
        let again = #expect(throws: NovaError.self) { try tool.backUp(to: copy) }
        #expect(again?.code == .badRequest)
        #expect(try tool.isInUse())
        await database.close()
        #expect(try !tool.isInUse())
        #expect(try tool.check() == [])
        #expect(try tool.version() == 1)

        try tool.restore(from: copy)
        let restored = try scratch.open()
        let found = try await Self.ids(restored)
        #expect(found.count >= 20 && found == Array(1...Int64(found.count)))
        await restored.close()
        #expect(try tool.check() == [])
    }

    @Test func whatIsNoBackupIsRefused() async throws {
        let scratch = try Scratch()
        await (try scratch.open()).close()
        let tool = DatabaseTool(.sqlite(path: scratch.path), schema: Scratch.schema)
        let file = "\(scratch.folder)/other"
        defer { _ = try? FileManager.default.removeItem(atPath: file) }
        let absent = #expect(throws: NovaError.self) { try tool.restore(from: file) }
        #expect(absent?.code == .notFound)
        _ = FileManager.default.createFile(atPath: file, contents: Data("no database at all, only text".utf8))
        #expect(throws: NovaError.self) { try tool.restore(from: file) }
        try FileManager.default.removeItem(atPath: file)
        let other = DatabaseTool(
            .sqlite(path: file), schema: DatabaseSchema(name: "other", whole: "CREATE TABLE x (y)"))
        await (try Database(other.address, schema: other.schema, log: Logger(label: "test"))).close()
        let foreign = #expect(throws: NovaError.self) { try tool.restore(from: file) }
        #expect(foreign?.code == .badRequest)
        #expect(foreign?.message.contains("is no backup of test") == true)
        for end in [".lock", ".lock.next", "-wal", "-shm"] {
            _ = try? FileManager.default.removeItem(atPath: file + end)
        }
        #expect(try tool.check() == [])
    }

    @Test(arguments: DatabaseKind.available) func aSchemaThatDiffersIsFound(kind: DatabaseKind) async throws {
        let scratch = try Scratch()
        let address: DatabaseAddress =
            kind == .sqlite ? .sqlite(path: scratch.path) : .postgresql(try DatabaseKind.target())
        let tool = DatabaseTool(address, schema: Scratch.schema)
        #expect(try tool.version() == nil)
        #expect(try tool.check() == ["there is no database"])
        let database = try Database(address, schema: Scratch.schema, log: Logger(label: "test"))
        try await database.write { connection in
            try connection.execute("CREATE INDEX stray ON items (count)")
            try connection.execute("ALTER TABLE items ADD COLUMN extra TEXT")
        }
        await database.close()
        let found = try tool.check()
        #expect(found.contains { $0.contains("stray") })
        #expect(found.contains { $0.contains("extra") })
        #expect(found.count == 2, "\(found)")
        #expect(try tool.version() == 1)
        #expect(try (tool.size() ?? 0) > 0)
    }

    @Test func aDamagedFileAndADanglingReferenceAreFound() async throws {
        let scratch = try Scratch()
        let database = try scratch.open()
        try await database.write { connection in
            for _ in 0..<500 {
                try connection.insert(Item("x", note: String(repeating: "y", count: 500)), into: "items")
            }
        }
        await database.close()
        let tool = DatabaseTool(.sqlite(path: scratch.path), schema: Scratch.schema)
        #expect(try tool.check() == [])
        let handle = try #require(FileHandle(forUpdatingAtPath: scratch.path))
        try handle.seek(toOffset: 5 * 4096 + 100)
        try handle.write(contentsOf: Data(repeating: 0x5A, count: 2000))
        try handle.close()
        let broken: [String]
        do { broken = try tool.check() } catch { broken = ["\(NovaError(error))"] }
        #expect(!broken.isEmpty)
    }
}
