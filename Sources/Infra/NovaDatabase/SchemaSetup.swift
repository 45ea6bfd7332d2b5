import NovaCore
import NovaWire

/// Brings a database to the schema of the code: made whole when it is empty, migrated when it is older.
enum SchemaSetup {
    /// What was done.
    enum Outcome: Equatable {
        case current
        case created
        case migrated(from: Int)
    }

    static func prepare(_ connection: Connection, _ schema: DatabaseSchema) throws -> Outcome {
        try checkNumbers(schema)
        // A migration may rebuild a table that others refer to; the check below replaces the constraints meanwhile.
        try connection.script("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE")
        do {
            let outcome = try bringUp(connection, schema)
            try connection.script("COMMIT; PRAGMA foreign_keys = ON")
            return outcome
        } catch {
            if !connection.isAutocommit { try connection.script("ROLLBACK") }
            throw error
        }
    }

    private static func bringUp(_ connection: Connection, _ schema: DatabaseSchema) throws -> Outcome {
        let version = Int(try pragma(connection, "user_version"))
        let owner = try pragma(connection, "application_id")
        if version == 0 {
            let objects = try connection.row("SELECT count(*) FROM sqlite_master") { try $0.int(0) } ?? 0
            guard objects == 0 else { throw foreign(schema, "it has tables but no version") }
            try connection.script(schema.whole)
            try connection.script(
                "PRAGMA application_id = \(schema.applicationID); PRAGMA user_version = \(schema.version)")
            return .created
        }
        guard owner == schema.applicationID else { throw foreign(schema, "application_id \(owner)") }
        guard version <= schema.version else {
            throw NovaError(
                .unavailable, "The database was made by a newer version of this program. Install that version.",
                details: "\(schema.name): database \(version), code \(schema.version)")
        }
        guard version < schema.version else { return .current }
        for migration in schema.migrations where migration.number > version {
            do {
                try connection.script(migration.sql)
            } catch {
                throw NovaError(error).during("\(schema.name): migration \(migration.number) (\(migration.name))")
            }
        }
        let broken = try connection.rows("PRAGMA foreign_key_check") { try $0.text(0) }
        guard broken.isEmpty else {
            throw NovaError(
                .internal, "The database could not be brought to this version.",
                details: "\(schema.name): dangling references in \(Set(broken).sorted().joined(separator: ", "))")
        }
        try connection.script("PRAGMA user_version = \(schema.version)")
        return .migrated(from: version)
    }

    private static func checkNumbers(_ schema: DatabaseSchema) throws {
        guard schema.migrations.enumerated().allSatisfy({ $0.offset + 1 == $0.element.number }) else {
            throw NovaError(
                .internal, "The database schema of this program is wrong.",
                details: "\(schema.name): migrations must be numbered 1, 2, 3 …")
        }
    }

    private static func pragma(_ connection: Connection, _ name: String) throws -> Int64 {
        try connection.row("PRAGMA \(name)") { try $0.int(0) } ?? 0
    }

    private static func foreign(_ schema: DatabaseSchema, _ why: String) -> NovaError {
        NovaError(
            .unavailable, "The database file belongs to another program or service.",
            details: "not \(schema.name): \(why)")
    }
}
