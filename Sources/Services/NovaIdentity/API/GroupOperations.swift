import NovaCore
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaSchema
import NovaWire

extension IdentityAPI {
    private static let schema = JSONSchema.wrapped("group", .anyObject)

    /// `/v3/groups` and their members.
    var groupOperations: [Operation] {
        let here = PolicyTarget.path(group: "id")
        return [
            operation(
                .get, "/groups", "list_groups", policy: Self.groupReaders, target: .request(Self.listedGroups),
                "List groups"
            ) { request in
                let groups = try await list(Group.self, request)
                return try Self.answer(list: Self.visible(groups, request, \.domainID), request)
            },
            operation(
                .post, "/groups", "create_group", policy: IdentityPolicy.changeGroup, body: Self.schema, success: 201,
                target: PolicyTarget.body("group"), "Create a group"
            ) { request in
                let fields = try Fields(request, "group")
                var group = Group()
                group.id = UUID128.random().hex
                group.name = try fields.name(max: 64)
                group.domainID = try Self.domain(fields, request)
                group.description = try fields.text("description", max: 65_535) ?? ""
                let new = group
                try await store.change { connection, _ in
                    _ = try connection.find(Domain.self, new.domainID.text)
                    try connection.add(new, named: new.name)
                }
                return Self.answer(new, request, status: 201)
            },
            operation(.get, "/groups/{id}", "get_group", policy: IdentityPolicy.getGroup, target: here, "Show a group")
            {
                request in
                let id = Self.parameter("id", request)
                return Self.answer(try await store.read { try $0.find(Group.self, id) }, request)
            },
            operation(
                .patch, "/groups/{id}", "update_group", policy: IdentityPolicy.changeGroup, body: Self.schema,
                target: here, "Change a group"
            ) { request in
                let id = Self.parameter("id", request)
                let fields = try Fields(request, "group")
                let group = try await store.change { connection, _ in
                    var group = try connection.find(Group.self, id)
                    if fields.has("name") { group.name = try fields.name(max: 64) }
                    if fields.has("description") {
                        group.description = try fields.text("description", max: 65_535) ?? ""
                    }
                    try connection.save(group, named: group.name)
                    return group
                }
                return Self.answer(group, request)
            },
            operation(
                .delete, "/groups/{id}", "delete_group", policy: IdentityPolicy.changeGroup, success: 204,
                target: here, "Delete a group"
            ) { request in
                let id = Self.parameter("id", request)
                try await store.change { connection, revoker in
                    _ = try connection.find(Group.self, id)
                    for user in try connection.users(of: .group, id) {
                        try revoker.revoke(.user, user.text, in: connection)
                    }
                    try connection.forgetAssignments(of: .group, id)
                    try connection.execute("DELETE FROM groups WHERE id = ?", [.text(id)])
                }
                return .empty(204)
            },
        ] + memberOperations
    }

    private static let groupReaders = IdentityPolicy.getGroup

    /// The rule of a list asks for the groups' domain, as that of one group does.
    private static func listedGroups(_ request: APIRequest) async throws -> PolicyTarget {
        PolicyTarget.value("target.group.domain_id", request.query("domain_id") ?? request.callerIfAny?.domainID?.text)
    }

    private var memberOperations: [Operation] {
        let path = "/groups/{id}/users/{user}"
        let target = PolicyTarget.path(user: "user", group: "id")
        return [
            operation(
                .get, "/groups/{id}/users", "list_users_in_group", policy: IdentityPolicy.getGroup,
                target: PolicyTarget.path(group: "id"), "List the members of a group"
            ) { request in
                let id = Self.parameter("id", request)
                _ = try await store.read { try $0.find(Group.self, id) }
                let users = try await list(
                    User.self, request, where: "users.id IN (SELECT user_id FROM group_members WHERE group_id = ?)",
                    [.text(id)])
                return try Self.answer(list: users, request)
            },
            operation(
                .put, path, "add_user_to_group", policy: IdentityPolicy.changeMember, success: 204, target: target,
                "Add a user to a group"
            ) { request in
                let (group, user) = Self.membership(request)
                try await store.change { connection, _ in
                    try Self.check(group, user, connection)
                    try connection.execute(
                        "INSERT INTO group_members (group_id, user_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
                        [.text(group), .text(user)])
                }
                return .empty(204)
            },
            operation(
                .get, path, "check_user_in_group", policy: IdentityPolicy.checkMember, success: 204, target: target,
                "Check whether a user is in a group"
            ) { request in
                let (group, user) = Self.membership(request)
                try await store.read { connection in
                    try Self.check(group, user, connection)
                    let found = try connection.row(
                        "SELECT 1 FROM group_members WHERE group_id = ? AND user_id = ?", [.text(group), .text(user)]
                    ) { _ in true }
                    guard found == true else { throw Self.noMember(group, user) }
                }
                return .empty(204)
            },
            operation(
                .delete, path, "remove_user_from_group", policy: IdentityPolicy.changeMember, success: 204,
                target: target, "Remove a user from a group"
            ) { request in
                let (group, user) = Self.membership(request)
                try await store.change { connection, revoker in
                    try Self.check(group, user, connection)
                    let removed = try connection.execute(
                        "DELETE FROM group_members WHERE group_id = ? AND user_id = ?", [.text(group), .text(user)])
                    guard removed > 0 else { throw Self.noMember(group, user) }
                    try revoker.revoke(.user, user, in: connection)
                }
                return .empty(204)
            },
        ]
    }

    private static func membership(_ request: APIRequest) -> (group: String, user: String) {
        (parameter("id", request), parameter("user", request))
    }

    private static func check(_ group: String, _ user: String, _ connection: Connection) throws {
        _ = try connection.find(Group.self, group)
        _ = try connection.find(User.self, user)
    }

    private static func noMember(_ group: String, _ user: String) -> NovaError {
        NovaError(.notFound, "Could not find user \(user) in group \(group).")
    }

    /// What the caller's token shows of a list: for the token of a domain what is in that domain.
    static func visible<R: Resource>(
        _ resources: [R], _ request: APIRequest, _ domain: (R) -> DomainID
    ) throws -> [R] {
        guard let own = try request.caller.domainID else { return resources }
        return resources.filter { domain($0) == own }
    }
}

extension Connection {
    /// Removes what is written for a user or a group that goes.
    func forgetAssignments(of kind: ActorKind, _ id: String) throws {
        try execute(
            "DELETE FROM role_assignments WHERE actor_kind = ? AND actor_id = ?", [kind.column, .text(id)])
    }

    /// Removes what is written about a place that goes.
    func forgetAssignments(at target: RoleTarget) throws {
        try execute(
            "DELETE FROM role_assignments WHERE target_kind = ? AND target_id = ?",
            [target.kind.column, .text(target.id)])
    }
}
