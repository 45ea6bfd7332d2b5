import NovaCore
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaSchema
import NovaWire

extension IdentityAPI {
    private static let schema = JSONSchema.wrapped("user", .anyObject)
    private static let known: Set<String> = [
        "name", "domain_id", "default_project_id", "enabled", "password", "original_password", "description", "email",
        "options", "password_expires_at",
    ]

    /// `/v3/users`.
    var userOperations: [Operation] {
        let here = PolicyTarget.path(user: "id")
        return [
            operation(
                .get, "/users", "list_users", policy: IdentityPolicy.listInDomain, target: PolicyTarget.listedDomain,
                "List users"
            ) { request in
                let users = try await list(User.self, request)
                return try Self.answer(list: Self.visible(users, request, \.domainID), request)
            },
            operation(
                .post, "/users", "create_user", policy: IdentityPolicy.changeUser, body: Self.schema, success: 201,
                target: PolicyTarget.body("user"), "Create a user"
            ) { request in
                let user = try await newUser(request)
                try await store.change { connection, _ in
                    _ = try connection.find(Domain.self, user.domainID.text)
                    try connection.add(user, named: user.name)
                }
                return Self.answer(user, request, status: 201)
            },
            operation(.get, "/users/{id}", "get_user", policy: IdentityPolicy.getUser, target: here, "Show a user") {
                request in
                let id = Self.parameter("id", request)
                return Self.answer(try await store.read { try $0.find(User.self, id) }, request)
            },
            operation(
                .get, "/users/{id}/projects", "list_user_projects", policy: IdentityPolicy.listUserProjects,
                target: here, "List a user's projects"
            ) { request in
                let id = Self.parameter("id", request)
                let projects = try await store.read { connection in
                    try connection.projects(of: try connection.find(User.self, id).id)
                }
                return try Self.answer(list: projects, request)
            },
            operation(
                .get, "/users/{id}/groups", "list_groups_for_user", policy: IdentityPolicy.listUserGroups,
                target: here, "List a user's groups"
            ) { request in
                let id = Self.parameter("id", request)
                _ = try await store.read { try $0.find(User.self, id) }
                let groups = try await list(
                    Group.self, request, where: "groups.id IN (SELECT group_id FROM group_members WHERE user_id = ?)",
                    [.text(id)])
                let base = Self.base(request)
                let bodies = groups.map { group -> JSONValue in
                    var body = group.json(base).objectValue ?? [:]
                    body["membership_expires_at"] = .some(.null)
                    return .object(body)
                }
                return try Self.answer(list: bodies, named: Group.plural, request)
            },
            operation(
                .patch, "/users/{id}", "update_user", policy: IdentityPolicy.changeUser, body: Self.schema,
                target: here, "Change a user"
            ) { request in
                Self.answer(try await update(request), request)
            },
            operation(
                .delete, "/users/{id}", "delete_user", policy: IdentityPolicy.changeUser, success: 204, target: here,
                "Delete a user"
            ) { request in
                let id = Self.parameter("id", request)
                try await store.change { connection, revoker in
                    _ = try connection.find(User.self, id)
                    try connection.forgetAssignments(of: .user, id)
                    try connection.execute("DELETE FROM users WHERE id = ?", [.text(id)])
                    try revoker.revoke(.user, id, in: connection)
                }
                return .empty(204)
            },
        ]
    }

    private func newUser(_ request: APIRequest) async throws -> User {
        let fields = try Fields(request, "user")
        var user = User()
        user.id = .random()
        user.name = try fields.name()
        user.domainID = try Self.domain(fields, request)
        user.defaultProjectID = try fields.text("default_project_id", max: 64).map { ProjectID($0) }
        user.enabled = try fields.flag("enabled") ?? true
        user.description = try fields.text("description", max: 65_535)
        user.email = try fields.text("email")
        user.options.object = try fields.merged(into: [:])
        user.extra.object = try fields.extra(besides: Self.known)
        if let password = try fields.text("password", max: PasswordDesk.maximumLength) {
            user.passwordHash = try await passwords.hash(Secret(password))
        }
        return user
    }

    private func update(_ request: APIRequest) async throws -> User {
        let id = Self.parameter("id", request)
        let fields = try Fields(request, "user")
        let password = try fields.text("password", max: PasswordDesk.maximumLength)
        let extra = try fields.extra(besides: Self.known)
        let hash: Secret<String>? =
            if let password { try await passwords.hash(Secret(password)) } else { nil }
        let kept = settings.passwordsKept
        return try await store.change { connection, revoker in
            var user = try connection.find(User.self, id)
            let wasEnabled = user.enabled
            if let domain = try fields.text("domain_id", max: 64), domain != user.domainID.text {
                throw NovaError(.badRequest, "Cannot change domain_id of a user.")
            }
            if fields.has("name") { user.name = try fields.name() }
            if fields.has("default_project_id") {
                user.defaultProjectID = try fields.text("default_project_id", max: 64).map { ProjectID($0) }
            }
            if fields.has("description") { user.description = try fields.text("description", max: 65_535) }
            if fields.has("email") { user.email = try fields.text("email") }
            user.enabled = try fields.flag("enabled") ?? user.enabled
            user.options.object = try fields.merged(into: user.options.object)
            for (name, value) in extra { user.extra.object[name] = value }
            if let hash {
                try connection.keepFormerPassword(of: user, atMost: kept)
                user.passwordHash = hash
            }
            try connection.save(user, named: user.name)
            if hash != nil || wasEnabled && !user.enabled { try revoker.revoke(.user, id, in: connection) }
            return user
        }
    }
}
