import NovaCore
import NovaCrypto
import NovaDatabase
import NovaInterfaces
import NovaWire

extension Connection {
    /// The groups of a user as a query with the user's id as value `?1`.
    private static let groupsOfUser = "SELECT group_id FROM group_members WHERE user_id = ?1"
    private static let actorIsUser =
        "(actor_kind = 'user' AND actor_id = ?1 OR actor_kind = 'group' AND actor_id IN (\(groupsOfUser)))"
    /// Deeper trees than clients can make are not followed: a circle in the rows must end.
    private static let deepest = 64

    /// The projects above a project, the nearest first, without its domain.
    func ancestors(of project: Project) throws -> [Project] {
        var found: [Project] = []
        var next = project
        while next.parentID != next.domainID.text, found.count < Self.deepest,
            let parent = try present(Project.self, next.parentID)
        {
            found.append(parent)
            next = parent
        }
        return found
    }

    /// The projects below a project, each behind the one above it.
    func descendants(of project: Project) throws -> [Project] {
        var found: [Project] = []
        var level = [project.id]
        var depth = 0
        while !level.isEmpty, depth < Self.deepest {
            var next: [Project] = []
            for id in level {
                next += try records(
                    Project.self, from: Project.table, where: "parent_id = ?", [id.column], suffix: "ORDER BY id")
            }
            found += next
            level = next.map(\.id)
            depth += 1
        }
        return found
    }

    /// The roles that a user's token has in a project: written for the user or a group of theirs, there or inherited
    /// from above, with all that they imply.
    func roles(of user: UserID, in project: Project) throws -> [Role] {
        var conditions = ["target_kind = 'project' AND target_id = ?2 AND inherited = 0"]
        var values = [user.column, project.id.column, project.domainID.column]
        conditions.append("target_kind = 'domain' AND target_id = ?3 AND inherited = 1")
        for ancestor in try ancestors(of: project) {
            values.append(ancestor.id.column)
            conditions.append("target_kind = 'project' AND target_id = ?\(values.count) AND inherited = 1")
        }
        return try roles(where: conditions, values)
    }

    /// The roles that a user's token has in a domain or on the system.
    func roles(of user: UserID, on target: RoleTarget) throws -> [Role] {
        try roles(
            where: ["target_kind = ?2 AND target_id = ?3 AND inherited = 0"],
            [user.column, target.kind.column, .text(target.id)])
    }

    private func roles(where conditions: [String], _ values: [ColumnValue]) throws -> [Role] {
        let places = conditions.map { "(\($0))" }.joined(separator: " OR ")
        let ids = try rows(
            "SELECT DISTINCT role_id FROM role_assignments WHERE \(Self.actorIsUser) AND (\(places))", values
        ) { try $0.field(0, as: RoleID.self) }
        return ids.isEmpty ? [] : try RoleGraph(self).effective(ids)
    }

    /// The projects in which a user has a role that counts.
    func projects(of user: UserID) throws -> [Project] {
        let written = try records(
            Assignment.self, from: Assignment.table, where: "\(Self.actorIsUser) AND target_kind <> 'system'",
            [user.column])
        var found: [ProjectID: Project] = [:]
        let graph = try RoleGraph(self)
        for assignment in written where !graph.effective([assignment.roleID]).isEmpty {
            for project in try projects(reachedBy: assignment) { found[project.id] = project }
        }
        return found.values.sorted { $0.id < $1.id }
    }

    /// The projects in which an assignment holds.
    func projects(reachedBy assignment: Assignment) throws -> [Project] {
        switch (assignment.targetKind, assignment.isInherited) {
        case (.project, false): return try present(Project.self, assignment.targetID).map { [$0] } ?? []
        case (.project, true):
            return try present(Project.self, assignment.targetID).map { try descendants(of: $0) } ?? []
        case (.domain, true):
            return try records(
                Project.self, from: Project.table, where: "domain_id = ?", [.text(assignment.targetID)],
                suffix: "ORDER BY id")
        case (.domain, false), (.system, _): return []
        }
    }

    /// The domains in which a user has a role that counts.
    func domains(of user: UserID) throws -> [Domain] {
        let graph = try RoleGraph(self)
        let written = try records(
            Assignment.self, from: Assignment.table,
            where: "\(Self.actorIsUser) AND target_kind = 'domain' AND inherited = 0", [user.column])
        let ids = Set(written.filter { !graph.effective([$0.roleID]).isEmpty }.map(\.targetID))
        return try ids.sorted().compactMap { try present(Domain.self, $0) }
    }

    /// The users whom an actor is or holds.
    func users(of kind: ActorKind, _ id: String) throws -> [UserID] {
        switch kind {
        case .user: [UserID(id)]
        case .group:
            try rows("SELECT user_id FROM group_members WHERE group_id = ? ORDER BY user_id", [.text(id)]) {
                try $0.field(0, as: UserID.self)
            }
        }
    }
}
