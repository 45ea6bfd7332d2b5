import NovaCore
import NovaWire

/// Proves, for tests, that a schema's migrations lead to the same database as its whole SQL.
public enum SchemaCheck {
    /// What differs, one line for each object; empty when both agree, or when there are no migrations.
    ///
    /// - Throws: ``NovaError`` when a statement of either way fails.
    public static func differences(_ schema: DatabaseSchema) throws -> [String] {
        let whole = try objects { connection in _ = try SchemaSetup.prepare(connection, schema) }
        guard !schema.migrations.isEmpty else { return [] }
        let migrated = try objects { connection in
            for migration in schema.migrations { try connection.script(migration.sql) }
        }
        var lines: [String] = []
        for key in Set(whole.keys).union(migrated.keys).sorted() where whole[key] != migrated[key] {
            lines.append("\(key): whole \(whole[key] ?? "nothing"); migrated \(migrated[key] ?? "nothing")")
        }
        return lines
    }

    private static func objects(_ make: (Connection) throws -> Void) throws -> [String: String] {
        let connection = try Connection(path: ":memory:")
        try connection.configure()
        try make(connection)
        let found = try connection.rows("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'") {
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
