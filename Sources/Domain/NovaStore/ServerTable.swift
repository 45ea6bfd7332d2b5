public import NovaCore
public import NovaDatabase
public import NovaModel
import NovaWire

/// Servers, inside one transaction.
public struct ServerTable {
    let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    /// Adds a server and gives it the next sequence number.
    public func insert(_ server: inout ServerRecord) throws {
        try connection.post("UPDATE server_sequence SET last = last + 1")
        server.sequence = try connection.row("SELECT last FROM server_sequence") { try $0.int(0) } ?? 1
        try connection.insert(server, into: "servers", derived: Self.sizes(server.flavor))
    }

    /// A server by its id, deleted ones only when asked for.
    public func find(_ id: ServerID, deleted: Bool = false) throws -> ServerRecord? {
        // By the key alone: with another condition PostgreSQL may take an index that begins with that one, and keeps to it
        // until the table is analysed for the first time.
        let server = try connection.keyed(ServerRecord.self, in: "servers", id.column)
        return server.flatMap { deleted || !$0.isDeleted ? $0 : nil }
    }

    /// Says that ``find(_:deleted:)`` follows.
    public func expect(_ id: ServerID) throws {
        try connection.expectKeyed(ServerRecord.self, in: "servers", id.column)
    }

    /// Changes a server when it is still as the caller believes; the body gets the row as it is now.
    ///
    /// What changes nothing is no update.
    ///
    /// - Returns: the changed row, nil when there is no such server (or it is deleted).
    @discardableResult
    public func change(
        _ id: ServerID, at time: Timestamp = .now(), _ body: (inout ServerRecord) throws -> Void
    ) throws -> ServerRecord? {
        guard let before = try find(id) else { return nil }
        var server = before
        try body(&server)
        guard server != before else { return before }
        server.updatedAt = time
        let sizes = server.flavor == before.flavor ? [] : Self.sizes(server.flavor)
        try connection.postChange(of: before, to: server, in: "servers", id.column, derived: sizes)
        return server
    }

    /// Servers in the order that the filter asks for, as a rule newest first.
    ///
    /// - Throws: `badRequest` for a marker that is no server.
    public func list(_ filter: ServerFilter) throws -> [ServerRecord] {
        var servers: [ServerRecord] = []
        try forEach(filter) { servers.append($0) }
        return servers
    }

    /// Gives the body the same servers one by one, as they are read.
    ///
    /// - Throws: as ``list(_:)``, and what the body throws.
    public func forEach(_ filter: ServerFilter, _ body: (ServerRecord) throws -> Void) throws {
        let marker = try filter.marker.map { id in
            guard let found = try find(id, deleted: true) else {
                throw NovaError(.badRequest, "marker [\(id)] not found")
            }
            return found
        }
        var (clauses, values) = Self.conditions(filter)
        if let marker, filter.order.isEmpty {
            clauses.append("(created_at, id) < (?, ?)")
            values += [marker.createdAt.column, marker.id.column]
        }
        // What SQL cannot say for both databases is left to the filter, which needs all rows then.
        let limit = filter.needsScan ? -1 : filter.limit
        if limit >= 0 { values.append(.integer(limit)) }
        var found: [ServerRecord] = []
        try connection.forEachRecord(
            ServerRecord.self, from: "servers", where: clauses.joined(separator: " AND "), values,
            suffix: "ORDER BY created_at DESC, id DESC" + (limit < 0 ? "" : " LIMIT ?")
        ) { server in
            if !filter.needsScan { try body(server) } else if filter.matches(server) { found.append(server) }
        }
        if !filter.order.isEmpty {
            found.sort { filter.precedes($0, $1) }
            if let marker { found.removeAll { !filter.precedes(marker, $0) } }
        }
        for server in filter.limit < 0 ? found[...] : found.prefix(Int(filter.limit)) { try body(server) }
    }

    /// What SQL is asked for.
    private static func conditions(_ filter: ServerFilter) -> (clauses: [String], values: [ColumnValue]) {
        var clauses = ["TRUE"]
        var values: [ColumnValue] = []
        func require(_ clause: String, _ value: ColumnValue) {
            clauses.append(clause)
            values.append(value)
        }
        if filter.deleted != .also { require("is_deleted = ?", .integer(filter.deleted == .only ? 1 : 0)) }
        if filter.hidesSoftDeleted { require("vm_state <> ?", VMState.softDeleted.column) }
        if let project = filter.project { require("project_id = ?", project.column) }
        if let user = filter.user { require("user_id = ?", user.column) }
        if let host = filter.host { require("host = ?", .text(host)) }
        if let image = filter.image { require("image_id = ?", .text(image)) }
        if let id = filter.id { require("id = ?", id.column) }
        if let since = filter.changedSince { require("updated_at >= ?", since.column) }
        if let before = filter.changedBefore { require("updated_at <= ?", before.column) }
        if let states = filter.vmStates {
            clauses.append("vm_state IN (\(states.map { _ in "?" }.joined(separator: ",")))")
            values += states.map(\.column)
        }
        return (clauses, values)
    }

    /// Writes the row that every creation writes, so that what is decided by counting holds.
    public func takeTurn() throws { try connection.execute("UPDATE server_sequence SET last = last") }

    /// Keeps the files that a user wants in a new server, base64 by path.
    public func insert(files: [(path: String, contents: String)], of id: ServerID) throws {
        for file in files {
            try connection.execute(
                "INSERT INTO server_files (server_id, path, contents) VALUES (?, ?, ?)",
                [id.column, .text(file.path), .text(file.contents)])
        }
    }

    /// The files that a user wants in a server.
    public func files(of id: ServerID) throws -> [InjectedFile] {
        try connection.rows(
            "SELECT path, contents FROM server_files WHERE server_id = ? ORDER BY path", [id.column]
        ) { InjectedFile(try $0.text(0), contents: try $0.text(1)) }
    }

    /// Servers that ran at some time between two moments, deleted ones too: what usage is made of.
    public func active(from start: Timestamp, to stop: Timestamp, project: ProjectID?) throws -> [ServerRecord] {
        var clause = "launched_at IS NOT NULL AND launched_at <= ? AND (terminated_at IS NULL OR terminated_at >= ?)"
        var values = [stop.column, start.column]
        if let project {
            clause += " AND project_id = ?"
            values.append(project.column)
        }
        return try connection.records(
            ServerRecord.self, from: "servers", where: clause, values, suffix: "ORDER BY project_id, created_at, id")
    }

    /// Ids, power states and rest of all servers that live on a host.
    public func onHost(_ host: String) throws -> [ServerRecord] {
        try connection.records(ServerRecord.self, from: "servers", where: "host = ? AND is_deleted = 0", [.text(host)])
    }
}
