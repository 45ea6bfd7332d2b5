public import NovaCore
public import NovaDatabase
public import NovaModel
import NovaWire

/// Server groups and their members, inside one transaction.
public struct ServerGroupTable {
    /// A server as a member of its group.
    public struct Member: Sendable {
        public let id: ServerID
        public let userID: UserID
        public let host: String?
    }

    private let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    /// The groups of a project, or of all projects, in the order in which they were made.
    public func list(of project: ProjectID?) throws -> [ServerGroup] {
        guard let project else {
            return try connection.records(ServerGroup.self, from: "server_groups", suffix: "ORDER BY created_at, id")
        }
        return try connection.records(
            ServerGroup.self, from: "server_groups", where: "project_id = ?", [project.column],
            suffix: "ORDER BY created_at, id")
    }

    public func find(_ id: ServerGroupID) throws -> ServerGroup? {
        try connection.record(ServerGroup.self, from: "server_groups", where: "id = ?", [id.column])
    }

    /// How many groups a project has.
    public func count(of project: ProjectID) throws -> Int64 {
        try connection.row("SELECT count(*) FROM server_groups WHERE project_id = ?", [project.column]) {
            try $0.int(0)
        } ?? 0
    }

    /// Adds a group; groups of two processes come one after the other, as each counts those before it.
    public func insert(_ group: ServerGroup) throws {
        try ServerTable(connection).takeTurn()
        try connection.insert(group, into: "server_groups")
    }

    /// Removes a group; its servers stay, without a group.
    ///
    /// - Returns: whether there was one.
    public func delete(_ id: ServerGroupID) throws -> Bool {
        try connection.execute("UPDATE servers SET server_group_id = NULL WHERE server_group_id = ?", [id.column])
        return try connection.execute("DELETE FROM server_groups WHERE id = ?", [id.column]) > 0
    }

    /// The servers of a group that are not deleted, oldest first.
    public func members(of id: ServerGroupID) throws -> [Member] {
        try connection.rows(
            """
            SELECT id, user_id, host FROM servers WHERE server_group_id = ? AND is_deleted = 0 ORDER BY created_at, id
            """, [id.column]
        ) {
            Member(
                id: try $0.field(0, as: ServerID.self), userID: try $0.field(1, as: UserID.self),
                host: try $0.optionalText(2))
        }
    }

    /// A group as the scheduler needs it for one of its servers; nil when the group is gone.
    public func scheduling(_ id: ServerGroupID, for server: ServerID) throws -> SchedulingGroup? {
        guard let group = try find(id) else { return nil }
        return SchedulingGroup(
            group, memberHosts: try members(of: id).filter { $0.id != server }.compactMap(\.host))
    }

    /// Asks whether a server may live on a host now, and makes all who ask for the same group come one after the other:
    /// the answer holds until the end of the transaction, which must write the host.
    public func admits(_ server: ServerID, to host: String, group id: ServerGroupID) throws -> Bool {
        try connection.execute("UPDATE server_groups SET placements = placements + 1 WHERE id = ?", [id.column])
        return try scheduling(id, for: server)?.allows(host) ?? true
    }
}
