import Glibc
public import NovaCore

/// What operators do with one service's database, whether the service runs or not.
///
/// Its calls block. Not for a process that has the SQLite file open as a ``Database``: reading it aside loses the locks.
public struct DatabaseTool: Sendable {
    public let address: DatabaseAddress
    public let schema: DatabaseSchema

    public init(_ address: DatabaseAddress, schema: DatabaseSchema) {
        self.address = address
        self.schema = schema
    }

    /// The version of the schema that is there; nil when there is no database, 0 when it is empty.
    public func version() throws -> Int? {
        switch address {
        case .sqlite(let path): try SQLiteHeader(path: path).version
        case .postgresql(let target): try PostgreSQLInspection(target).version()
        }
    }

    /// What is wrong with the database, a line for each; empty when all is well.
    ///
    /// Files, references between rows, and whether tables, indexes and triggers are those of this release.
    public func check() throws -> [String] {
        guard let version = try version(), version > 0 else { return ["there is no database"] }
        guard version == schema.version else {
            return ["it has version \(version), this release version \(schema.version): novactl db migrate"]
        }
        switch address {
        case .sqlite(let path):
            let session = try SQLiteSession(path: path)
            try session.configure()
            var lines = try Connection(session).rows("PRAGMA integrity_check(100)") { try $0.text(0) }
            lines.removeAll { $0 == "ok" }
            lines += try session.danglingReferences().map { "rows of \($0) refer to rows that do not exist" }
            let (found, wanted) = (try SchemaCheck.objects(in: session), try SchemaCheck.objects(of: schema))
            return lines + SchemaCheck.compare(found, "database", wanted, "release")
        case .postgresql(let target):
            return try PostgreSQLInspection(target).check(schema)
        }
    }

    /// How many bytes the database takes on its disk; nil when that is unknown.
    public func size() throws -> Int64? {
        switch address {
        case .sqlite(let path):
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            let main = Int64(status.st_size)
            return stat("\(path)-wal", &status) == 0 ? main + Int64(status.st_size) : main
        case .postgresql(let target): return try PostgreSQLInspection(target).size()
        }
    }

    /// Whether a service has the database open now.
    public func isInUse() throws -> Bool {
        switch address {
        case .sqlite(let path): try SQLiteBackup.isInUse(path)
        case .postgresql(let target): try PostgreSQLInspection(target).isInUse()
        }
    }

    /// Copies an SQLite database as it is at one moment, while services work on it.
    ///
    /// - Parameter file: must not exist.
    public func backUp(to file: String) throws {
        guard case .sqlite(let path) = address else { throw Self.notHere }
        try SQLiteBackup.write(path, to: file)
    }

    /// Puts the content of a backup in place of that of an SQLite database, in one transaction.
    ///
    /// - Throws: `badRequest` for a file that is no intact backup of this service and of this release or an older one.
    public func restore(from file: String) throws {
        guard case .sqlite(let path) = address else { throw Self.notHere }
        try SQLiteBackup.restore(path, from: file, schema)
    }

    private static let notHere = NovaError(.internal, "PostgreSQL's own programs do this.")
}
