/// What a database must look like: the whole schema, and the numbered steps that lead older ones there.
///
/// The version is the number of the last migration, 1 when there are none. Migration 1 is the first schema, so that
/// all migrations in order give the same as `whole` (``SchemaCheck`` proves it).
public struct DatabaseSchema: Sendable {
    /// Names the schema; a file that was made for another name is refused.
    public let name: String
    /// SQL that makes an empty database one of ``version``.
    public let whole: String
    /// Oldest first.
    public let migrations: [Migration]
    /// Whether the processes that write one PostgreSQL schema take turns, as those of one SQLite file always do.
    ///
    /// For schemas in which a decision depends on rows that it does not change, or all writes change one row.
    public let writersTakeTurns: Bool

    /// A schema; give migrations in any order.
    public init(name: String, whole: String, migrations: [Migration] = [], writersTakeTurns: Bool = false) {
        self.name = name
        self.whole = whole
        self.writersTakeTurns = writersTakeTurns
        self.migrations = migrations.sorted { $0.number < $1.number }
    }

    /// A schema whose SQL is embedded as bytes (`PackageResources.whole_sql`).
    public init(name: String, whole: [UInt8], migrations: [Migration] = [], writersTakeTurns: Bool = false) {
        self.init(
            name: name, whole: String(decoding: whole, as: UTF8.self), migrations: migrations,
            writersTakeTurns: writersTakeTurns)
    }

    /// The version that the code works with, kept in SQLite's `user_version`.
    public var version: Int { migrations.last?.number ?? 1 }

    /// Marks files of this schema (SQLite's `application_id`): FNV-1a of the name, 31 bits.
    var applicationID: Int64 {
        let hash = name.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        return Int64(hash & 0x7FFF_FFFF)
    }
}

/// One numbered step from an older schema to the next.
public struct Migration: Sendable {
    public let number: Int
    public let name: String
    public let sql: String

    public init(number: Int, name: String, sql: String) {
        self.number = number
        self.name = name
        self.sql = sql
    }

    /// A migration whose SQL is embedded as bytes.
    public init(number: Int, name: String, sql: [UInt8]) {
        self.init(number: number, name: name, sql: String(decoding: sql, as: UTF8.self))
    }
}
