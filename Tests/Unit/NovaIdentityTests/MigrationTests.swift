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

    @Test("0003: assignments and roles are kept, and roles imply each other as they did.")
    func inFull() async throws {
        let folder = "/tmp/nova-identity-\(UUID128.random())"
        defer { _ = try? FileManager.default.removeItem(atPath: folder) }
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let migrations = Array(IdentitySchema.current.migrations.prefix(2))
        let first = try #require(migrations.first)
        let old = DatabaseSchema(name: "identity", whole: first.sql, migrations: [first])
        let before = try Database(path: "\(folder)/identity.sqlite", schema: old, log: log)
        try await before.write { connection in
            try connection.execute("INSERT INTO domains (id, name, description, enabled) VALUES ('d', 'D', '', 1)")
            try connection.execute(
                "INSERT INTO users (id, name, domain_id, enabled, password_hash) VALUES ('u', 'alice', 'd', 1, '')")
            for role in ["admin", "manager", "member", "reader", "service"] {
                try connection.execute(
                    "INSERT INTO roles (id, name, description) VALUES (?, ?, '')", [.text("id-\(role)"), .text(role)])
            }
            try connection.execute(
                "INSERT INTO assignments (user_id, target_kind, target_id, role_id) VALUES ('u', 'system', 'all', 'id-admin')"
            )
        }
        await before.close()
        let after = try Database(path: "\(folder)/identity.sqlite", schema: IdentitySchema.current, log: log)
        // The release before still adds roles, and reads assignments, as it knows them.
        try await after.write { connection in
            try connection.execute("INSERT INTO roles (id, name, description) VALUES ('late', 'late', '')")
            try connection.execute(
                """
                INSERT INTO role_assignments (actor_kind, actor_id, target_kind, target_id, role_id, inherited)
                VALUES ('user', 'u', 'project', 'p', 'late', 0), ('user', 'u', 'domain', 'd', 'late', 1),
                    ('group', 'g', 'project', 'p', 'late', 0)
                """)
        }
        let former = try await after.read { connection in
            try connection.rows("SELECT user_id, target_kind, target_id, role_id FROM assignments ORDER BY role_id") {
                "\(try $0.text(0)) \(try $0.text(1)) \(try $0.text(2)) \(try $0.text(3))"
            }
        }
        #expect(former == ["u system all id-admin", "u project p late"])
        try await after.write { try $0.execute("DELETE FROM role_assignments WHERE role_id = 'late'") }
        let (assignments, implied, users) = try await after.read { connection in
            (
                try connection.rows("SELECT actor_kind, actor_id, role_id FROM role_assignments") {
                    "\(try $0.text(0)) \(try $0.text(1)) \(try $0.text(2))"
                },
                try connection.rows("SELECT prior_id, implied_id FROM implied_roles ORDER BY prior_id") {
                    "\(try $0.text(0)) \(try $0.text(1))"
                },
                try connection.rows("SELECT name, extra FROM users") { "\(try $0.text(0)) \(try $0.text(1))" }
            )
        }
        #expect(assignments == ["user u id-admin"])
        #expect(implied == ["id-admin id-manager", "id-manager id-member", "id-member id-reader"])
        #expect(users == ["alice {}"])
        await after.close()
    }
}
