public import NovaCore
public import NovaDatabase
public import NovaModel
import NovaWire

/// Moves of servers, inside one transaction.
public struct MigrationTable {
    /// Which migrations a list asks for.
    public struct Filter: Sendable {
        public var server: ServerID?
        /// The host on either side.
        public var host: String?
        public var sourceHost: String?
        public var status: String?
        public var type: String?
        public var project: ProjectID?
        public var user: UserID?
        public var isHidden: Bool?
        public var changedSince: Timestamp?
        public var changedBefore: Timestamp?
        public var marker: MigrationID?
        /// At most this many, -1 for all.
        public var limit: Int64 = 1000

        public init() {}
    }

    private let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    /// Adds a migration with the next number.
    public func insert(_ migration: inout MigrationRecord) throws {
        migration.sequence =
            try connection.row("SELECT coalesce(max(sequence), 0) + 1 FROM migrations") { try $0.int(0) } ?? 1
        try connection.insert(migration, into: "migrations")
    }

    public func update(_ migration: MigrationRecord) throws {
        try connection.update(migration, in: "migrations", key: "sequence")
    }

    /// Changes a migration; the body gets the row as it is now.
    ///
    /// - Parameter time: by default the database's.
    /// - Returns: the changed migration, nil when there is none of this id.
    @discardableResult
    public func change(
        _ id: MigrationID, at time: Timestamp? = nil, _ body: (inout MigrationRecord) throws -> Void
    ) throws -> MigrationRecord? {
        guard var migration = try find(id) else { return nil }
        let before = migration
        try body(&migration)
        guard migration != before else { return before }
        migration.updatedAt = try time ?? connection.now()
        try update(migration)
        return migration
    }

    /// The moves that somebody works on, or that wait for their confirmation: of one server, or all.
    public func open(of server: ServerID? = nil) throws -> [MigrationRecord] {
        let clause = Self.isOpen
        guard let server else { return try connection.records(MigrationRecord.self, from: "migrations", where: clause) }
        return try connection.records(
            MigrationRecord.self, from: "migrations", where: "\(clause) AND server_id = ?", [server.column],
            suffix: "ORDER BY sequence")
    }

    /// A migration that has not ended, as SQL; the index `migrations_open` has the same.
    static let isOpen =
        "migrations.status NOT IN ('confirmed', 'reverted', 'error', 'failed', 'completed', 'cancelled', 'done')"

    /// The move of a server that waits for its confirmation.
    public func unconfirmed(of server: ServerID) throws -> MigrationRecord? {
        try open(of: server).last { $0.status == "finished" && $0.move != nil }
    }

    /// A migration of a server by its number.
    public func find(_ sequence: Int64, of server: ServerID) throws -> MigrationRecord? {
        try connection.record(
            MigrationRecord.self, from: "migrations", where: "sequence = ? AND server_id = ?",
            [.integer(sequence), server.column])
    }

    public func find(_ id: MigrationID) throws -> MigrationRecord? {
        try connection.record(MigrationRecord.self, from: "migrations", where: "id = ?", [id.column])
    }

    /// Migrations, newest first.
    ///
    /// - Throws: `badRequest` for a marker that is no migration.
    public func list(_ filter: Filter) throws -> [MigrationRecord] {
        var clauses = ["TRUE"]
        var values: [ColumnValue] = []
        func require(_ clause: String, _ given: ColumnValue...) {
            clauses.append(clause)
            values += given
        }
        if let server = filter.server { require("server_id = ?", server.column) }
        if let host = filter.host { require("(source_host = ? OR target_host = ?)", .text(host), .text(host)) }
        if let host = filter.sourceHost { require("source_host = ?", .text(host)) }
        if let status = filter.status { require("status = ?", .text(status)) }
        if let type = filter.type { require("type = ?", .text(type)) }
        if let project = filter.project { require("project_id = ?", project.column) }
        if let user = filter.user { require("user_id = ?", user.column) }
        if let isHidden = filter.isHidden { require("is_hidden = ?", .integer(isHidden ? 1 : 0)) }
        if let since = filter.changedSince { require("coalesce(updated_at, created_at) >= ?", since.column) }
        if let before = filter.changedBefore { require("coalesce(updated_at, created_at) <= ?", before.column) }
        if let marker = filter.marker {
            guard let last = try find(marker) else {
                throw NovaError(.badRequest, "Marker \(marker) could not be found.")
            }
            require("(created_at, sequence) < (?, ?)", last.createdAt.column, .integer(last.sequence))
        }
        if filter.limit >= 0 { values.append(.integer(filter.limit)) }
        return try connection.records(
            MigrationRecord.self, from: "migrations", where: clauses.joined(separator: " AND "), values,
            suffix: "ORDER BY created_at DESC, sequence DESC" + (filter.limit < 0 ? "" : " LIMIT ?"))
    }
}
