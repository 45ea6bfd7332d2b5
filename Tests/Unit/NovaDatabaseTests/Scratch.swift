import CommonTestKit
import Glibc
import Logging
import NovaCore
import NovaDatabase
import NovaWire

/// A folder of its own for each test, removed when the test ends.
final class Scratch: Sendable {
    private let holder: TemporaryFolder
    var folder: String { holder.path }
    var path: String { "\(folder)/test.sqlite" }

    init() throws { holder = try TemporaryFolder() }

    func open(_ schema: DatabaseSchema = Scratch.schema) throws -> Database {
        try Database(path: path, schema: schema, log: Logger(label: "test"))
    }

    static let schema = DatabaseSchema(
        name: "test",
        whole: """
            CREATE TABLE owners (id INTEGER PRIMARY KEY);
            CREATE TABLE items (
                id TEXT PRIMARY KEY, "group" TEXT NOT NULL, count INTEGER NOT NULL, note TEXT, tags BLOB NOT NULL,
                owner INTEGER REFERENCES owners (id)
            );
            """)
}

/// A record with a column that is a reserved word, and one that may be null.
struct Item: Record, Equatable {
    var id = ServerID.none
    var group = ""
    var count: Int64 = 0
    var note: String?
    var tags: [String] = []

    init() {}
    init(_ group: String, count: Int64 = 1, note: String? = nil, tags: [String] = []) {
        id = .random()
        self.group = group
        self.count = count
        self.note = note
        self.tags = tags
    }

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("group", &group)
        visitor.visit("count", &count)
        visitor.visit("note", &note)
        visitor.visit("tags", &tags)
    }
}
