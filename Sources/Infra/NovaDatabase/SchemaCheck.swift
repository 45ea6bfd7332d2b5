import NovaCore
import NovaWire

/// Proves, for tests, that a schema's migrations lead to the same database as its whole SQL.
public enum SchemaCheck {
    /// What differs, one line for each object; empty when both agree, or when there are no migrations.
    ///
    /// - Throws: ``NovaError`` when a statement of either way fails.
    public static func differences(_ schema: DatabaseSchema) throws -> [String] {
        let whole = try objects(of: schema)
        guard !schema.migrations.isEmpty else { return [] }
        let migrated = try objects { session in
            for migration in schema.migrations { try session.apply(SchemaText(migration.sql)) }
        }
        return compare(whole, "whole", migrated, "migrated")
    }

    static func compare(
        _ first: [String: String], _ firstName: String, _ second: [String: String], _ secondName: String
    ) -> [String] {
        Set(first.keys).union(second.keys).sorted().filter { first[$0] != second[$0] }.map { key in
            "\(key): \(firstName) \(first[key] ?? "nothing"); \(secondName) \(second[key] ?? "nothing")"
        }
    }

    /// Tables, indexes and triggers of an SQLite database that was made from a schema.
    static func objects(of schema: DatabaseSchema) throws -> [String: String] {
        try objects { session in _ = try SchemaSetup.prepare(session, schema) }
    }

    private static func objects(_ make: (SQLiteSession) throws -> Void) throws -> [String: String] {
        let session = try SQLiteSession(path: ":memory:")
        try session.configure()
        try make(session)
        return try objects(in: session)
    }

    /// Tables, indexes and triggers with their normalised SQL.
    static func objects(in session: SQLiteSession) throws -> [String: String] {
        let found = try Connection(session).rows(
            "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
        ) {
            ("\(try $0.text(0)) \(try $0.text(1))", normalised(try $0.optionalText(2) ?? ""))
        }
        return Dictionary(found) { first, _ in first }
    }

    /// SQL without comments, quotes of names, letter case and optional spaces.
    static func normalised(_ sql: String) -> String {
        let lines = sql.split(separator: "\n", omittingEmptySubsequences: true).map { line in
            var code = ""
            var previousDash = false
            for character in line {
                if character == "-", previousDash {
                    code.removeLast()
                    break
                }
                previousDash = character == "-"
                code.append(character)
            }
            return code
        }
        var result = ""
        var pendingSpace = false
        for character in lines.joined(separator: " ").lowercased() where character != "\"" {
            if character.isWhitespace {
                pendingSpace = true
                continue
            }
            let joins = "(),=<>".contains(character) || (result.last.map { "(),=<>".contains($0) } ?? true)
            if pendingSpace, !joins { result.append(" ") }
            pendingSpace = false
            result.append(character)
        }
        return result
    }
}
