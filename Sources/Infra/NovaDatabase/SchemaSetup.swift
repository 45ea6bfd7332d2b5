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

    static func prepare(_ session: any Session, _ schema: DatabaseSchema) throws -> Outcome {
        try checkNumbers(schema)
        try session.beginSchemaChange(schema)
        do {
            let outcome = try bringUp(session, schema)
            try session.commitSchemaChange()
            return outcome
        } catch {
            if !session.isAutocommit { try session.script("ROLLBACK") }
            throw error
        }
    }

    private static func bringUp(_ session: any Session, _ schema: DatabaseSchema) throws -> Outcome {
        let state = try session.schemaState(schema)
        if let why = state.stranger {
            throw NovaError(
                .unavailable, "The database belongs to another program or service.",
                details: "not \(schema.name): \(why)")
        }
        if state.version == 0 {
            try session.apply(SchemaText(schema.whole))
            try session.mark(schema)
            return .created
        }
        guard state.version <= schema.version else {
            throw NovaError(
                .unavailable, "The database was made by a newer version of this program. Install that version.",
                details: "\(schema.name): database \(state.version), code \(schema.version)")
        }
        guard state.version < schema.version else { return .current }
        for migration in schema.migrations where migration.number > state.version {
            do {
                try session.apply(SchemaText(migration.sql))
            } catch {
                throw NovaError(error).during("\(schema.name): migration \(migration.number) (\(migration.name))")
            }
        }
        try session.mark(schema)
        return .migrated(from: state.version)
    }

    private static func checkNumbers(_ schema: DatabaseSchema) throws {
        guard schema.migrations.enumerated().allSatisfy({ $0.offset + 1 == $0.element.number }) else {
            throw NovaError(
                .internal, "The database schema of this program is wrong.",
                details: "\(schema.name): migrations must be numbered 1, 2, 3 …")
        }
    }
}
