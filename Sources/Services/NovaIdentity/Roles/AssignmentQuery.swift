import NovaCore
import NovaDatabase
import NovaHTTP
import NovaWire

/// The filters of a list of role assignments, and the list that they leave.
struct AssignmentQuery: Sendable {
    private let user: String?
    private let group: String?
    private let role: String?
    private let target: RoleTarget?
    private let isInherited: Bool
    private let isEffective: Bool
    private let includesSubtree: Bool
    let includesNames: Bool

    /// - Throws: ``NovaError`` `badRequest` for filters that contradict each other.
    init(_ request: APIRequest) throws {
        func isSet(_ name: String) -> Bool {
            guard let value = request.query(name) else { return false }
            return !["0", "false", "no", "off"].contains(value.lowercased())
        }
        user = request.query("user.id")
        group = request.query("group.id")
        role = request.query("role.id")
        includesNames = isSet("include_names")
        includesSubtree = isSet("include_subtree")
        isEffective = isSet("effective")
        isInherited = request.query("scope.OS-INHERIT:inherited_to") != nil
        let places = [
            request.query("scope.project.id").map { RoleTarget(kind: .project, id: $0) },
            request.query("scope.domain.id").map { RoleTarget(kind: .domain, id: $0) },
            isSet("scope.system") || isSet("scope.system.all") ? RoleTarget.wholeSystem : nil,
        ].compactMap { $0 }
        guard places.count <= 1 else {
            throw NovaError(.badRequest, "Specify a domain or project, not both")
        }
        target = places.first
        guard user == nil || group == nil else { throw NovaError(.badRequest, "Specify a user or group, not both") }
        guard !isEffective || group == nil else {
            throw NovaError(.badRequest, "Combining effective and group filter will always result in an empty list.")
        }
        guard !isEffective || !isInherited || target?.kind != .domain else {
            throw NovaError(
                .badRequest,
                "Combining effective, domain and inherited filters will always result in an empty list.")
        }
        guard !includesSubtree || target?.kind == .project else {
            throw NovaError(.badRequest, "scope.project.id must be specified if include_subtree is also specified")
        }
    }

    /// The assignments that fit.
    func run(_ connection: Connection) throws -> [AssignmentView] {
        var targets: Set<RoleTarget>?
        if let target {
            targets = [target]
            if includesSubtree, let project = try connection.present(Project.self, target.id) {
                targets?.formUnion(try connection.descendants(of: project).map { .project($0.id) })
            }
        }
        let views = isEffective ? try effective(connection) : try written(connection)
        return views.filter { view in
            let assignment = view.assignment
            return role.map { $0 == assignment.roleID.text } ?? true
                && (targets.map { $0.contains(assignment.target) } ?? true)
                && (!isInherited || (view.source ?? assignment).isInherited)
        }
    }

    private func written(_ connection: Connection) throws -> [AssignmentView] {
        var conditions = ["TRUE"]
        var values: [ColumnValue] = []
        func add(_ condition: String, _ value: String?) {
            guard let value else { return }
            conditions.append(condition)
            values.append(.text(value))
        }
        add("actor_kind = 'user' AND actor_id = ?", user)
        add("actor_kind = 'group' AND actor_id = ?", group)
        add("role_id = ?", role)
        return try Self.records(connection, conditions, values).map { AssignmentView($0) }
    }

    /// What takes effect: users in place of their groups, projects in place of what is inherited, roles with those
    /// that they imply, and no role of a domain.
    private func effective(_ connection: Connection) throws -> [AssignmentView] {
        var conditions = ["TRUE"]
        var values: [ColumnValue] = []
        if let user {
            conditions.append(
                """
                (actor_kind = 'user' AND actor_id = ?1 OR actor_kind = 'group'
                AND actor_id IN (SELECT group_id FROM group_members WHERE user_id = ?1))
                """)
            values.append(.text(user))
        }
        let graph = try RoleGraph(connection)
        var seen: Set<AssignmentView> = []
        var views: [AssignmentView] = []
        var members: [String: [UserID]] = [:]
        for assignment in try Self.records(connection, conditions, values) {
            let users: [UserID]
            switch assignment.actorKind {
            case .user: users = [UserID(assignment.actorID)]
            case .group:
                if members[assignment.actorID] == nil {
                    members[assignment.actorID] = try connection.users(of: .group, assignment.actorID)
                }
                users = (members[assignment.actorID] ?? []).filter { user == nil || $0.text == user }
            }
            let places =
                assignment.isInherited
                ? try connection.projects(reachedBy: assignment).map { RoleTarget.project($0.id) }
                : [assignment.target]
            for holder in users {
                for place in places {
                    for role in graph.effective([assignment.roleID]) {
                        var view = AssignmentView(Assignment(.user, holder.text, place, role: role.id))
                        if assignment.actorKind == .group { view.group = assignment.actorID }
                        if assignment.isInherited { view.source = assignment }
                        if role.id != assignment.roleID { view.prior = assignment.roleID }
                        if seen.insert(view).inserted { views.append(view) }
                    }
                }
            }
        }
        return views
    }

    private static func records(
        _ connection: Connection, _ conditions: [String], _ values: [ColumnValue]
    ) throws -> [Assignment] {
        try connection.records(
            Assignment.self, from: Assignment.table, where: conditions.joined(separator: " AND "), values,
            suffix: "ORDER BY actor_kind, actor_id, target_kind, target_id, role_id")
    }
}
