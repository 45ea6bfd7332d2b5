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
        let others = try members(of: id).filter { $0.id != server }
        let moves = others.isEmpty ? [:] : try openMoves(of: id)
        return SchedulingGroup(
            group, memberHosts: others.flatMap { Self.places($0, moves[$0.id] ?? [], group.policy) })
    }

    /// Where a member is or may be soon: a server on its way counts on both hosts, since it may come back.
    ///
    /// With others it should be where it goes.
    private static func places(_ member: Member, _ moves: [Move], _ policy: ServerGroup.Policy) -> [String] {
        let targets = moves.compactMap(\.target)
        let places =
            switch policy {
            case .affinity, .softAffinity: targets.last.map { [$0] } ?? member.host.map { [$0] } ?? []
            case .antiAffinity, .softAntiAffinity:
                (member.host.map { [$0] } ?? []) + targets + moves.compactMap(\.source)
            }
        return Set(places).sorted()
    }

    private struct Move {
        let source: String?
        let target: String?
    }

    /// The moves of members that may still end on either side.
    private func openMoves(of id: ServerGroupID) throws -> [ServerID: [Move]] {
        let rows = try connection.rows(
            """
            SELECT server_id, source_host, target_host FROM migrations WHERE \(MigrationTable.isOpen)
                AND server_id IN (SELECT id FROM servers WHERE server_group_id = ? AND is_deleted = 0)
            ORDER BY sequence
            """, [id.column]
        ) {
            (
                server: try $0.field(0, as: ServerID.self),
                move: Move(source: try $0.optionalText(1), target: try $0.optionalText(2))
            )
        }
        return Dictionary(grouping: rows, by: \.server).mapValues { $0.map(\.move) }
    }

    /// Asks whether a server may live on a host now, and makes all who ask for the same group come one after the other:
    /// the answer holds until the end of the transaction, which must write the host or the target of the server's move.
    public func admits(_ server: ServerID, to host: String, group id: ServerGroupID) throws -> Bool {
        try connection.execute("UPDATE server_groups SET placements = placements + 1 WHERE id = ?", [id.column])
        return try scheduling(id, for: server)?.allows(host) ?? true
    }
}
