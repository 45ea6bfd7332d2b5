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
        try connection.execute("UPDATE server_sequence SET last = last + 1")
        server.sequence = try connection.row("SELECT last FROM server_sequence") { try $0.int(0) } ?? 1
        try connection.insert(server, into: "servers", derived: Self.sizes(server.flavor))
    }

    /// A server by its id, deleted ones only when asked for.
    public func find(_ id: ServerID, deleted: Bool = false) throws -> ServerRecord? {
        let clause = deleted ? "id = ?" : "id = ? AND is_deleted = 0"
        return try connection.record(ServerRecord.self, from: "servers", where: clause, [id.column])
    }

    /// Changes a server when it is still as the caller believes; the body gets the row as it is now.
    ///
    /// - Returns: the changed row, nil when there is no such server (or it is deleted).
    @discardableResult
    public func change(
        _ id: ServerID, at time: Timestamp = .now(), _ body: (inout ServerRecord) throws -> Void
    ) throws -> ServerRecord? {
        guard let before = try find(id) else { return nil }
        var server = before
        try body(&server)
        server.updatedAt = time
        let sizes = server.flavor == before.flavor ? [] : Self.sizes(server.flavor)
        _ = try connection.update(server, since: before, in: "servers", key: "id", derived: sizes)
        return server
    }

    /// Servers in the order of Compute API lists: newest first.
    public func list(_ filter: ServerFilter) throws -> [ServerRecord] {
        var clauses: [String] = []
        var values: [ColumnValue] = []
        func require(_ clause: String, _ value: ColumnValue) {
            clauses.append(clause)
            values.append(value)
        }
        require("is_deleted = ?", .integer(filter.deleted ? 1 : 0))
        if let project = filter.project { require("project_id = ?", project.column) }
        if let user = filter.user { require("user_id = ?", user.column) }
        if let host = filter.host { require("host = ?", .text(host)) }
        if let image = filter.image { require("image_id = ?", .text(image)) }
        if let changed = filter.changedSince { require("updated_at >= ?", changed.column) }
        if let states = filter.vmStates {
            clauses.append("vm_state IN (\(states.map { _ in "?" }.joined(separator: ",")))")
            values += states.map(\.column)
        }
        if let marker = filter.marker {
            guard let found = try find(marker, deleted: true) else {
                throw NovaError(.badRequest, "marker [\(marker)] not found")
            }
            clauses.append("(created_at, id) < (?, ?)")
            values += [found.createdAt.column, found.id.column]
        }
        // Names are regular expressions in the original; the part that is not one is left to the caller's filter.
        let limit = filter.needsScan ? -1 : filter.limit
        if limit >= 0 { values.append(.integer(limit)) }
        var servers = try connection.records(
            ServerRecord.self, from: "servers", where: clauses.joined(separator: " AND "), values,
            suffix: "ORDER BY created_at DESC, id DESC" + (limit < 0 ? "" : " LIMIT ?"))
        if filter.needsScan {
            servers.removeAll { !filter.matches($0) }
            if filter.limit >= 0 { servers = Array(servers.prefix(Int(filter.limit))) }
        }
        return servers
    }

    /// Ids, power states and rest of all servers that live on a host.
    public func onHost(_ host: String) throws -> [ServerRecord] {
        try connection.records(ServerRecord.self, from: "servers", where: "host = ? AND is_deleted = 0", [.text(host)])
    }
}
