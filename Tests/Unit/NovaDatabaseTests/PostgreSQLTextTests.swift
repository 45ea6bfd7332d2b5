import NovaCore
import Testing

@testable import NovaDatabase

@Suite struct PostgreSQLTextTests {
    @Test(arguments: [
        ("SELECT ?", "SELECT $1", 1), ("a = ? AND b = ?", "a = $1 AND b = $2", 2),
        ("a = ?2 AND b = ?1 AND c = ?", "a = $2 AND b = $1 AND c = $3", 3),
        ("a = '?' AND \"b?\" = ?", "a = '?' AND \"b?\" = $1", 1),
        ("a = 'it''s ?' AND b = ?", "a = 'it''s ?' AND b = $1", 1),
        ("a -- why?\n = ?", "a -- why?\n = $1", 1), ("a /* ? */ = ?", "a /* ? */ = $1", 1),
        ("'open ?", "'open ?", 0), ("a/?", "a/$1", 1), ("$$ ? $$ ?", "$$ ? $$ $1", 1),
    ])
    func placeholders(sql: String, text: String, count: Int) {
        let result = PostgreSQLText.statement(sql)
        #expect(result.text == text)
        #expect(result.parameters == count)
    }

    @Test(arguments: [
        (
            "CREATE TABLE a (b INTEGER, c BLOB, d REAL, \"INTEGER\" TEXT) STRICT, WITHOUT ROWID;\nSELECT 1",
            "CREATE TABLE a (b BIGINT, c BYTEA, d DOUBLE PRECISION, \"INTEGER\" TEXT COLLATE \"C\") ;\nSELECT 1"
        ),
        ("a INTEGER PRIMARY KEY AUTOINCREMENT", "a BIGINT PRIMARY KEY "),
        (
            "strict integer, -- a BLOB\n x text DEFAULT 'TEXT'",
            "strict BIGINT, -- a BLOB\n x TEXT COLLATE \"C\" DEFAULT 'TEXT'"
        ),
        ("CREATE INDEX i ON a (b) WHERE b = 1;", "CREATE INDEX i ON a (b) WHERE b = 1;"),
    ])
    func schemas(sql: String, text: String) {
        #expect(
            PostgreSQLText.schema(sql).replacing(",  ;", with: " ;").replacing("  ", with: " ")
                == text.replacing("  ", with: " "))
    }

    @Test func linesForOneDatabase() {
        let text = SchemaText("a\n--sqlite\nb\n--postgresql\nc\n--both\nd")
        #expect(text.lines(for: .sqlite) == "a\nb\nd")
        #expect(text.lines(for: .postgresql) == "a\nc\nd")
    }

    @Test(arguments: [
        ("postgresql://u:secret@h/db", "postgresql://u:***@h/db"), ("postgresql://u@h/db", "postgresql://u@h/db"),
        ("postgresql://u:sec@ret@h/db", "postgresql://u:***@h/db"),
        (
            "postgresql://h/db?user=u&password=secret&sslmode=require",
            "postgresql://h/db?user=u&password=***&sslmode=require"
        ),
    ])
    func passwordsAreMasked(url: String, shown: String) {
        let address = DatabaseAddress(connection: url, folder: "", name: "nova")
        #expect(address.description == shown + " schema nova")
    }

    @Test func connections() {
        #expect(DatabaseAddress(connection: "", folder: "/a", name: "n") == .sqlite(path: "/a/n.sqlite"))
        #expect(DatabaseAddress(connection: "sqlite:////b/", folder: "/a", name: "n") == .sqlite(path: "/b/n.sqlite"))
        for wrong in ["sqlite://b", "mysql://u@h/d", "postgresql://", "nova.db"] {
            #expect(!DatabaseAddress.isConnection(wrong))
        }
        for right in ["", "sqlite:////b", "postgresql://u@h/d", "postgres:///d?host=/run"] {
            #expect(DatabaseAddress.isConnection(right))
        }
    }
}
