import CPostgreSQL
public import NovaCore
import NovaWire

/// What operators ask of a service's schema on a PostgreSQL server.
struct PostgreSQLInspection {
    private let target: PostgreSQLTarget
    private let connection: Connection
    private let session: PostgreSQLSession

    /// Connects, under a name that is no service's.
    init(_ target: PostgreSQLTarget) throws {
        self.target = target
        session = try PostgreSQLSession(target, application: "novactl")
        connection = Connection(session)
    }

    func version() throws -> Int? {
        let tables = try session.number(
            "SELECT count(*) FROM pg_tables WHERE schemaname = ? AND tablename = 'database_version'",
            [.text(target.schema)])
        guard tables > 0 else { return nil }
        return Int(try session.number("SELECT version FROM database_version"))
    }

    /// The size of the schema's tables and indexes.
    func size() throws -> Int64? {
        try session.number(
            """
            SELECT CAST(coalesce(sum(pg_total_relation_size(c.oid)), 0) AS BIGINT)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ? AND c.relkind = 'r'
            """, [.text(target.schema)])
    }

    /// Whether a service's session is open.
    func isInUse() throws -> Bool {
        try session.number(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = ?",
            [.text(target.applicationName)]) > 0
    }

    /// How the schema differs from what this release would make, and constraints that were never checked.
    func check(_ schema: DatabaseSchema) throws -> [String] {
        let found = try objects(target.schema)
        let scratch = "nova_check"
        try session.script("BEGIN; CREATE SCHEMA \"\(scratch)\"; SET LOCAL search_path TO \"\(scratch)\"")
        let wanted: [String: String]
        do {
            try session.apply(SchemaText(schema.whole))
            wanted = try objects(scratch)
            try session.script("ROLLBACK")
        } catch {
            if !session.isLost { try session.script("ROLLBACK") }
            throw error
        }
        let unchecked = try connection.rows(
            """
            SELECT conname FROM pg_constraint WHERE connamespace = CAST(CAST(? AS TEXT) AS regnamespace)
              AND NOT convalidated ORDER BY conname
            """, [.text(target.schema)]
        ) { "constraint \(try $0.text(0)) was never checked" }
        return unchecked + SchemaCheck.compare(found, "database", wanted, "release")
    }

    private func objects(_ name: String) throws -> [String: String] {
        let queries = [
            """
            SELECT 'column ' || table_name || '.' || column_name,
              data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') || ' ' || coalesce(collation_name, '')
            FROM information_schema.columns WHERE table_schema = ? AND table_name <> 'database_version'
            """,
            """
            SELECT 'constraint ' || conname, pg_get_constraintdef(c.oid)
            FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
            WHERE c.connamespace = CAST(CAST(? AS TEXT) AS regnamespace) AND r.relname <> 'database_version'
            """,
            """
            SELECT 'index ' || indexname, indexdef FROM pg_indexes
            WHERE schemaname = ? AND tablename <> 'database_version'
            """,
            """
            SELECT 'trigger ' || tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class r ON r.oid = t.tgrelid
            WHERE r.relnamespace = CAST(CAST(? AS TEXT) AS regnamespace) AND NOT tgisinternal
            """,
        ]
        var result: [String: String] = [:]
        for query in queries {
            for (key, text) in try connection.rows(query, [.text(name)], { (try $0.text(0), try $0.text(1)) }) {
                result[key] = text.replacing("\(name).", with: "")
            }
        }
        return result
    }
}

extension PostgreSQLTarget {
    /// How the sessions of services are listed by the server.
    var applicationName: String { "nova/\(schema)" }

    /// The variables with which PostgreSQL's own programs find the server: a password on a command line is seen by all.
    ///
    /// - Throws: `badRequest` for a URL that libpq cannot read.
    public func environment() throws -> [String: String] {
        guard let options = PQconninfoParse(url.reveal(), nil) else {
            throw NovaError(
                .badRequest, "The URL of [database] connection is wrong.", details: DatabaseAddress.expectation)
        }
        defer { PQconninfoFree(options) }
        var result: [String: String] = [:]
        var option = options
        while option.pointee.keyword != nil {
            if let name = option.pointee.envvar, let value = option.pointee.val {
                result[String(cString: name)] = String(cString: value)
            }
            option += 1
        }
        return result
    }
}
