import NovaAuth
import NovaCore
import NovaCrypto
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaSchema
import NovaWire

extension IdentityAPI {
    /// Roles of users and groups: `/v3/projects/{p}/users/{u}/roles/{r}`, the same for groups, domains, the system,
    /// and what is inherited to projects.
    var grantOperations: [Operation] {
        var operations: [Operation] = []
        for actor in ActorKind.allCases {
            for target in [TargetKind.project, .domain] {
                let place = "\(target.rawValue)s/{target}/\(actor.rawValue)s/{actor}/roles"
                operations += GrantRoute(actor: actor, target: target, isInherited: false, path: "/\(place)")
                    .operations(self)
                operations += GrantRoute(actor: actor, target: target, isInherited: true, path: "/OS-INHERIT/\(place)")
                    .operations(self)
            }
            operations += GrantRoute(
                actor: actor, target: .system, isInherited: false, path: "/system/\(actor.rawValue)s/{actor}/roles"
            ).operations(self)
        }
        return operations
    }
}

/// The operations on the roles of one kind of actor in one kind of place.
private struct GrantRoute: Sendable {
    let actor: ActorKind
    let target: TargetKind
    let isInherited: Bool
    let path: String

    func operations(_ api: IdentityAPI) -> [Operation] {
        let suffix = isInherited ? "/inherited_to_projects" : ""
        let one = "\(path)/{role}\(suffix)"
        let isSystem = target == .system
        let (reading, changing) =
            isSystem
            ? (IdentityPolicy.systemReader, IdentityPolicy.admin)
            : (IdentityPolicy.checkGrant, IdentityPolicy.changeGrant)
        let store = api.store
        return [
            api.operation(
                .get, "\(path)\(suffix)", isSystem ? "list_system_grants_for_\(actor.rawValue)" : "list_grants",
                policy: isSystem ? IdentityPolicy.systemReader : IdentityPolicy.listGrants, target: policyTarget,
                "List the roles that are written for a \(actor.rawValue) there"
            ) { request in
                let roles = try await store.read { connection in
                    let pattern = assignment(request)
                    try check(pattern, connection)
                    return try connection.records(
                        Role.self, from: Role.table,
                        where: """
                            id IN (SELECT role_id FROM role_assignments WHERE actor_kind = ? AND actor_id = ?
                            AND target_kind = ? AND target_id = ? AND inherited = ?)
                            """,
                        [
                            pattern.actorKind.column, .text(pattern.actorID), pattern.targetKind.column,
                            .text(pattern.targetID), .integer(isInherited ? 1 : 0),
                        ], suffix: "ORDER BY id")
                }
                return try IdentityAPI.answer(list: roles, request)
            },
            api.operation(
                .get, one, name("check"), policy: reading, success: 204, target: policyTarget,
                "Check whether a role is written for a \(actor.rawValue) there"
            ) { request in
                let wanted = assignment(request)
                try await store.read { connection in
                    try check(wanted, connection, withRole: true)
                    let condition = Assignment.key.map { "\($0) = ?" }.joined(separator: " AND ")
                    guard
                        try connection.record(
                            Assignment.self, from: Assignment.table, where: condition, wanted.columns) != nil
                    else { throw missing(wanted) }
                }
                return .empty(204)
            },
            api.operation(
                .put, one, name("create"), policy: changing, success: 204, target: policyTarget,
                "Give a \(actor.rawValue) a role there"
            ) { request in
                let new = assignment(request)
                try await store.change { connection, _ in
                    try check(new, connection, withRole: true)
                    try connection.upsert(new, into: Assignment.table, key: Assignment.key)
                }
                return .empty(204)
            },
            api.operation(
                .delete, one, name("revoke"), policy: changing, success: 204, target: policyTarget,
                "Take a role from a \(actor.rawValue) there"
            ) { request in
                let old = assignment(request)
                try await store.change { connection, revoker in
                    try check(old, connection, withRole: true)
                    let condition = Assignment.key.map { "\($0) = ?" }.joined(separator: " AND ")
                    let removed = try connection.execute(
                        "DELETE FROM role_assignments WHERE \(condition)", old.columns)
                    guard removed > 0 else { throw missing(old) }
                    for user in try connection.users(of: old.actorKind, old.actorID) {
                        try revoker.revoke(old, of: user, in: connection)
                    }
                }
                return .empty(204)
            },
        ]
    }

    private func name(_ verb: String) -> String {
        target == .system ? "\(verb)_system_grant_for_\(actor.rawValue)" : "\(verb)_grant"
    }

    private var policyTarget: PolicyTarget.Source {
        PolicyTarget.path(
            user: actor == .user ? "actor" : nil, project: target == .project ? "target" : nil,
            domain: target == .domain ? "target" : nil, group: actor == .group ? "actor" : nil, role: "role")
    }

    private func assignment(_ request: APIRequest) -> Assignment {
        let place =
            target == .system
            ? RoleTarget.wholeSystem : RoleTarget(kind: target, id: IdentityAPI.parameter("target", request))
        return Assignment(
            actor, IdentityAPI.parameter("actor", request), place,
            role: RoleID(IdentityAPI.parameter("role", request)), isInherited: isInherited)
    }

    /// Throws `notFound` when what an assignment names does not exist.
    private func check(_ assignment: Assignment, _ connection: Connection, withRole: Bool = false) throws {
        switch target {
        case .project: _ = try connection.find(Project.self, assignment.targetID)
        case .domain: _ = try connection.find(Domain.self, assignment.targetID)
        case .system: break
        }
        switch actor {
        case .user: _ = try connection.find(User.self, assignment.actorID)
        case .group: _ = try connection.find(Group.self, assignment.actorID)
        }
        if withRole { _ = try connection.find(Role.self, assignment.roleID.text) }
    }

    private func missing(_ assignment: Assignment) -> NovaError {
        NovaError(
            .notFound,
            "Could not find role assignment with role: \(assignment.roleID), user or group: \(assignment.actorID), "
                + "project, domain, or system: \(assignment.targetID).")
    }
}

extension Revoker {
    /// Makes void the tokens that rest on an assignment of a user that was taken away.
    mutating func revoke(_ assignment: Assignment, of user: UserID, in connection: Connection) throws {
        if assignment.isInherited {
            // It held in any number of projects.
            try revoke(.user, user.text, in: connection)
        } else {
            let place = assignment.targetKind == .system ? "system" : assignment.targetID
            try revoke(.grant, RevocationSet.grantID(user: user, place: place), in: connection)
        }
    }
}
