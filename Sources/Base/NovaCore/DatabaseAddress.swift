/// Where a service's database is.
public enum DatabaseAddress: Sendable, Equatable {
    /// A file, or `:memory:`.
    case sqlite(path: String)
    /// A schema in a database of a PostgreSQL server.
    case postgresql(PostgreSQLTarget)

    /// The address that `[database] connection` gives the service with this database name.
    ///
    /// What ``isConnection(_:)`` refuses is refused again when it is opened.
    ///
    /// - Parameters:
    ///   - connection: empty, `sqlite:////folder` or `postgresql://user:password@host:port/database`.
    ///   - folder: where SQLite files are when `connection` says nothing.
    public init(connection: String, folder: String, name: String, poolSize: Int = PostgreSQLTarget.defaultPoolSize) {
        if connection.isEmpty {
            self = .sqlite(path: "\(folder)/\(name).sqlite")
        } else if connection.hasPrefix(Self.sqlitePrefix) {
            var path = String(connection.dropFirst(Self.sqlitePrefix.count))
            while path.count > 1, path.hasSuffix("/") { path.removeLast() }
            self = .sqlite(path: "\(path)/\(name).sqlite")
        } else {
            self = .postgresql(PostgreSQLTarget(url: Secret(connection), schema: name, poolSize: poolSize))
        }
    }

    /// What a connection looks like, for messages.
    public static let expectation =
        "empty, sqlite:////folder (an absolute path) or postgresql://user:password@host:port/database"

    private static let sqlitePrefix = "sqlite:///"

    /// Whether a text may stand in `[database] connection`.
    public static func isConnection(_ text: String) -> Bool {
        if text.isEmpty { return true }
        if text.hasPrefix(sqlitePrefix) { return text.dropFirst(sqlitePrefix.count).hasPrefix("/") }
        for scheme in ["postgresql://", "postgres://"] where text.hasPrefix(scheme) { return text != scheme }
        return false
    }
}

extension DatabaseAddress: CustomStringConvertible {
    /// The path, or the URL with its password masked and the schema behind it.
    public var description: String {
        switch self {
        case .sqlite(let path): path
        case .postgresql(let target): target.description
        }
    }
}

/// A schema in a PostgreSQL database, and how long to wait for it.
public struct PostgreSQLTarget: Sendable, Equatable, CustomStringConvertible {
    public static let defaultPoolSize = 5

    /// As libpq takes it; holds the password.
    public var url: Secret<String>
    /// The schema with the service's tables.
    public var schema: String
    /// The most connections: one writes, the others read.
    public var poolSize: Int
    /// How long a closure waits for a connection, a lost server included.
    public var waitLimit: Duration
    /// How long one statement may run.
    public var statementLimit: Duration

    public init(
        url: Secret<String>, schema: String, poolSize: Int = defaultPoolSize, waitLimit: Duration = .seconds(10),
        statementLimit: Duration = .seconds(10)
    ) {
        self.url = url
        self.schema = schema
        self.poolSize = poolSize
        self.waitLimit = waitLimit
        self.statementLimit = statementLimit
    }

    public var description: String { "\(Self.masked(url.reveal())) schema \(schema)" }

    /// The URL without its password, wherever it stands.
    static func masked(_ url: String) -> String {
        var text = url
        if let scheme = text.firstRange(of: "://"), let at = text.lastIndex(of: "@"), scheme.upperBound < at,
            let colon = text[scheme.upperBound..<at].firstIndex(of: ":")
        {
            text.replaceSubrange(text.index(after: colon)..<at, with: "***")
        } else if let scheme = text.firstRange(of: "://"), !text.contains("@"),
            let colon = text[scheme.upperBound...].firstIndex(where: { ":/?[".contains($0) }), text[colon] == ":"
        {
            // A password whose host was forgotten stands where a port belongs.
            let start = text.index(after: colon)
            let end = text[start...].firstIndex { "/?,".contains($0) } ?? text.endIndex
            if !text[start..<end].allSatisfy(\.isNumber) { text.replaceSubrange(start..<end, with: "***") }
        }
        if let query = text.firstIndex(of: "?") {
            let parts = text[text.index(after: query)...].split(separator: "&", omittingEmptySubsequences: false)
            let shown = parts.map { $0.lowercased().contains("password=") ? "password=***" : String($0) }
            text = text[...query] + shown.joined(separator: "&")
        }
        return text
    }
}
