import Foundation
import Logging
import NovaCore
import NovaDatabase
import NovaIdentity
import NovaWire
import Testing

@Suite("Migrations of the identity database")
struct MigrationTests {
    @Test("The whole schema and the migrations lead to the same database.")
    func wholeEqualsMigrations() throws {
        #expect(try SchemaCheck.differences(IdentitySchema.current) == [])
    }

    @Test("0002: the last revocation's number is kept, also when all revocations have expired.")
    func revocationSequence() async throws {
        let folder = "/tmp/nova-identity-\(UUID128.random())"
        defer { _ = try? FileManager.default.removeItem(atPath: folder) }
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let first = try #require(IdentitySchema.current.migrations.first)
        let old = DatabaseSchema(name: "identity", whole: first.sql, migrations: [first])
        let before = try Database(path: "\(folder)/identity.sqlite", schema: old, log: log)
        try await before.write { connection in
            for _ in 0..<3 {
                try connection.execute(
                    "INSERT INTO revocations (subject, id, issued_before, expires_at) VALUES ('user', 'u', 1, 2)")
            }
            try connection.execute("DELETE FROM revocations")
        }
        await before.close()
        let after = try Database(path: "\(folder)/identity.sqlite", schema: IdentitySchema.current, log: log)
        let value = try await after.read {
            try $0.row("SELECT value FROM settings WHERE name = 'revocation_sequence'") { try $0.text(0) }
        }
        #expect(value == "3")
        await after.close()
    }
}
