public import NovaCore
import NovaDatabase
import NovaModel
import NovaWire

// What projects use: a sum over the rows of their servers, never a counter.
extension ServerTable {
    /// The columns that repeat what the flavor says, so that an index has it.
    static func sizes(_ flavor: Flavor) -> [(name: String, value: ColumnValue)] {
        [("vcpus", flavor.vcpus.column), ("memory_mb", flavor.memoryMB.column)]
    }

    /// What a project, or one user of it, uses now: servers, cores and RAM, without deleted servers that are kept.
    ///
    /// A server between two flavors counts with the larger one, until its move is confirmed or taken back.
    public func usage(
        of project: ProjectID, user: UserID? = nil
    ) throws -> (servers: Int64, cores: Int64, memoryMB: Int64) {
        try expectUsage(of: project, user: user)
        let all = try existing(of: project, user: user)
        let kept = try softDeleted(of: project, user: user)
        let held = try heldByResizes(of: project, user: user)
        return (
            all.servers - kept.servers, all.cores - kept.cores &+ held.cores,
            all.memoryMB - kept.memoryMB &+ held.memoryMB
        )
    }

    /// Says that ``usage(of:user:)`` follows.
    public func expectUsage(of project: ProjectID, user: UserID? = nil) throws {
        let whose = Self.whose(project, user)
        try connection.expect(Self.existing(user), whose)
        try connection.expect(Self.softDeleted(user), whose)
        try connection.expect(Self.heldByResizes(user), whose)
    }

    private static func whose(_ project: ProjectID, _ user: UserID?) -> [ColumnValue] {
        [project.column] + (user.map { [$0.column] } ?? [])
    }

    /// What open resizes may still need beside what the rows of their servers say.
    private func heldByResizes(of project: ProjectID, user: UserID?) throws -> (cores: Int64, memoryMB: Int64) {
        let moves = try connection.rows(Self.heldByResizes(user), Self.whose(project, user)) {
            (flavor: try $0.field(0, as: Flavor.self), move: try $0.field(1, as: ServerMove.self))
        }
        return moves.reduce((0, 0)) { sum, row in
            let (old, new) = (row.move.oldFlavor, row.move.newFlavor)
            return (
                sum.0 &+ max(0, max(old.vcpus, new.vcpus) &- row.flavor.vcpus),
                sum.1 &+ max(0, max(old.memoryMB, new.memoryMB) &- row.flavor.memoryMB)
            )
        }
    }

    /// From the open moves to their servers: as a plain join SQLite looks at all servers.
    static func heldByResizes(_ user: UserID?) -> String {
        """
        SELECT flavor, move FROM migrations CROSS JOIN servers
        WHERE servers.id = migrations.server_id AND \(MigrationTable.isOpen) AND migrations.type = 'resize' AND move IS NOT NULL
            AND migrations.project_id = ? AND is_deleted = 0\(user == nil ? "" : " AND servers.user_id = ?")
        """
    }

    /// What the servers of a project need that can be restored; from the index of such servers, which is small.
    ///
    /// One that is being restored is no longer among them.
    private func softDeleted(
        of project: ProjectID, user: UserID?
    ) throws -> (servers: Int64, cores: Int64, memoryMB: Int64) {
        try connection.row(Self.softDeleted(user), Self.whose(project, user)) {
            (try $0.int(0), try $0.int(1), try $0.int(2))
        } ?? (0, 0, 0)
    }

    /// With the time, which all of them have, SQLite takes their own index.
    static func softDeleted(_ user: UserID?) -> String {
        """
        SELECT count(*), CAST(coalesce(sum(vcpus), 0) AS BIGINT), CAST(coalesce(sum(memory_mb), 0) AS BIGINT)
        FROM servers
        WHERE vm_state = 'soft-delete' AND is_deleted = 0 AND deleted_at >= 0 AND project_id = ?\(user == nil ? "" : " AND user_id = ?")
            AND coalesce(task_state, '') <> 'restoring'
        """
    }

    /// Deleted servers that have been kept since before a moment, the oldest first.
    public func softDeleted(before time: Timestamp, limit: Int64) throws -> [ServerID] {
        try connection.rows(
            """
            SELECT id FROM servers WHERE vm_state = 'soft-delete' AND is_deleted = 0 AND deleted_at <= ?
            ORDER BY deleted_at LIMIT ?
            """, [time.column, .integer(limit)]
        ) { try $0.field(0, as: ServerID.self) }
    }

    /// The sum over all rows that are not deleted.
    ///
    /// For a project from the index `servers_by_use`: no server's row is read but one of each size, no flavor decoded.
    private func existing(
        of project: ProjectID, user: UserID?
    ) throws -> (servers: Int64, cores: Int64, memoryMB: Int64) {
        let values = Self.whose(project, user)
        let sizes = try connection.rows(Self.existing(user), values) {
            (cores: try $0.optionalInt(0), memoryMB: try $0.optionalInt(1), servers: try $0.int(2))
        }
        var sum: (servers: Int64, cores: Int64, memoryMB: Int64) = (0, 0, 0)
        for size in sizes {
            sum.servers += size.servers
            sum.cores &+= size.servers &* (size.cores ?? 0)
            sum.memoryMB &+= size.servers &* (size.memoryMB ?? 0)
        }
        guard sizes.contains(where: { $0.cores == nil && $0.servers > 0 }) else { return sum }
        // Written by an older release.
        let flavors = try connection.rows(
            "SELECT flavor FROM servers WHERE \(Self.ofOwner(user)) AND vcpus IS NULL", values
        ) { try $0.field(0, as: Flavor.self) }
        for flavor in flavors {
            sum.cores &+= flavor.vcpus
            sum.memoryMB &+= flavor.memoryMB
        }
        return sum
    }

    /// How many there are of each size.
    static func existing(_ user: UserID?) -> String {
        user == nil
            ? existingOfProject
            : "SELECT vcpus, memory_mb, count(*) FROM servers WHERE \(ofOwner(user)) GROUP BY vcpus, memory_mb"
    }

    /// From one size to the next in the index, and a bare count of each: half of what grouping costs SQLite, which
    /// takes each entry apart to compare it with the one before.
    private static let existingOfProject = """
        WITH RECURSIVE sizes (id, vcpus, memory_mb) AS (
            SELECT * FROM (
                SELECT id, vcpus, memory_mb FROM servers
                WHERE project_id = ?1 AND is_deleted = 0 AND vcpus IS NOT NULL ORDER BY vcpus, memory_mb LIMIT 1
            ) AS smallest
            UNION ALL
            SELECT larger.id, larger.vcpus, larger.memory_mb FROM sizes CROSS JOIN servers AS larger
            WHERE larger.id = coalesce(
                (SELECT id FROM servers WHERE project_id = ?1 AND is_deleted = 0
                    AND vcpus = sizes.vcpus AND memory_mb > sizes.memory_mb ORDER BY memory_mb LIMIT 1),
                (SELECT id FROM servers WHERE project_id = ?1 AND is_deleted = 0
                    AND vcpus > sizes.vcpus ORDER BY vcpus, memory_mb LIMIT 1))
        )
        SELECT vcpus, memory_mb, (
            SELECT count(*) FROM servers WHERE project_id = ?1 AND is_deleted = 0
                AND vcpus = sizes.vcpus AND memory_mb = sizes.memory_mb
        ) FROM sizes
        UNION ALL
        SELECT NULL, NULL, count(*) FROM servers WHERE project_id = ?1 AND is_deleted = 0 AND vcpus IS NULL
        """

    private static func ofOwner(_ user: UserID?) -> String {
        "project_id = ? AND is_deleted = 0" + (user == nil ? "" : " AND user_id = ?")
    }

    /// Gives some of the servers that an older release has written their sizes.
    ///
    /// - Returns: how many there were; 0 when all have them.
    public func fillSizes(limit: Int64) throws -> Int {
        let servers = try connection.rows(
            "SELECT id, flavor FROM servers WHERE vcpus IS NULL AND is_deleted = 0 LIMIT ?", [.integer(limit)]
        ) { (id: $0.value(0), flavor: try $0.field(1, as: Flavor.self)) }
        for server in servers {
            try connection.execute(
                "UPDATE servers SET vcpus = ?, memory_mb = ? WHERE id = ?",
                [server.flavor.vcpus.column, server.flavor.memoryMB.column, server.id])
        }
        return servers.count
    }
}
