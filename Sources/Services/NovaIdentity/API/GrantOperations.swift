import NovaCore
import NovaCrypto
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaSchema
import NovaWire

extension IdentityAPI {
    /// Roles of users: `/v3/projects/{p}/users/{u}/roles/{r}`, and the same for domains and the system.
    var grantOperations: [Operation] {
        grants(.project, "/projects/{target}/users/{user}/roles", "")
            + grants(.domain, "/domains/{target}/users/{user}/roles", "domain_")
            + grants(.system, "/system/users/{user}/roles", "system_")
    }

    private func grants(_ kind: TargetKind, _ path: String, _ word: String) -> [Operation] {
        [
            operation(.get, path, "list_\(word)grants", policy: Self.admin, "List the roles that a user has there") {
                request in
                let user = UserID(Self.parameter("user", request))
                let target = Self.target(kind, request)
                let roles = try await store.read { connection in
                    try connection.check(target: target, kind)
                    _ = try connection.find(User.self, user.text)
                    let ids = try connection.roles(of: user, kind, target).map(\.id.text)
                    return try ids.map { try connection.find(Role.self, $0) }
                }
                return Self.answer(list: roles, request)
            },
            operation(
                .put, "\(path)/{role}", "create_\(word)grant", policy: Self.admin, success: 204,
                "Give a user a role there"
            ) { request in
                let assignment = Self.assignment(kind, request)
                try await store.change { connection, _ in
                    try connection.check(assignment)
                    try connection.upsert(
                        assignment, into: "assignments", key: ["user_id", "target_kind", "target_id", "role_id"])
                }
                return .empty(204)
            },
            operation(
                .head, "\(path)/{role}", "check_\(word)grant", policy: Self.admin, success: 204,
                "Check whether a user has a role there"
            ) { request in
                let assignment = Self.assignment(kind, request)
                try await store.read { connection in
                    try connection.check(assignment)
                    guard
                        try connection.roles(of: assignment.userID, kind, assignment.targetID)
                            .contains(where: { $0.id == assignment.roleID })
                    else { throw Self.missing(assignment) }
                }
                return .empty(204)
            },
            operation(
                .delete, "\(path)/{role}", "revoke_\(word)grant", policy: Self.admin, success: 204,
                "Take a role from a user there"
            ) { request in
                let assignment = Self.assignment(kind, request)
                try await store.change { connection, revoker in
                    try connection.check(assignment)
                    let removed = try connection.execute(
                        """
                        DELETE FROM assignments
                        WHERE user_id = ? AND target_kind = ? AND target_id = ? AND role_id = ?
                        """, assignment.columns)
                    guard removed > 0 else { throw Self.missing(assignment) }
                    try revoker.revoke(.user, assignment.userID.text, in: connection)
                }
                return .empty(204)
            },
        ]
    }

    private static func target(_ kind: TargetKind, _ request: APIRequest) -> String {
        kind == .system ? Assignment.wholeSystem : parameter("target", request)
    }

    private static func assignment(_ kind: TargetKind, _ request: APIRequest) -> Assignment {
        Assignment(
            user: UserID(parameter("user", request)), kind, target(kind, request),
            role: RoleID(parameter("role", request)))
    }

    private static func missing(_ assignment: Assignment) -> NovaError {
        NovaError(
            .notFound,
            "Could not find role assignment with role: \(assignment.roleID), user or group: \(assignment.userID), "
                + "\(assignment.targetKind.rawValue): \(assignment.targetID).")
    }
}

extension Connection {
    /// Throws `notFound` when what a role would hold for does not exist.
    fileprivate func check(target: String, _ kind: TargetKind) throws {
        switch kind {
        case .project: _ = try find(Project.self, target)
        case .domain: _ = try find(Domain.self, target)
        case .system: break
        }
    }

    /// Throws `notFound` when the user, the role or the target does not exist.
    fileprivate func check(_ assignment: Assignment) throws {
        try check(target: assignment.targetID, assignment.targetKind)
        _ = try find(User.self, assignment.userID.text)
        _ = try find(Role.self, assignment.roleID.text)
    }
}
