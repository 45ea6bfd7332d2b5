import NovaCore
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaSchema
import NovaWire

extension IdentityAPI {
    private static let schema = JSONSchema.wrapped("user", .anyObject)

    /// `/v3/users`.
    var userOperations: [Operation] {
        [
            operation(.get, "/users", "list_users", policy: Self.admin, "List users") { request in
                Self.answer(list: try await store.read { try $0.all(User.self) }, request)
            },
            operation(
                .post, "/users", "create_user", policy: Self.admin, body: Self.schema, success: 201, "Create a user"
            ) { request in
                let user = try await newUser(request)
                try await store.change { connection, _ in
                    _ = try connection.find(Domain.self, user.domainID.text)
                    try connection.add(user, named: user.name)
                }
                return Self.answer(user, request, status: 201)
            },
            operation(.get, "/users/{id}", "get_user", policy: Self.adminOrSelf, "Show a user") { request in
                let id = Self.parameter("id", request)
                try request.authorize(target: ["user_id": id])
                return Self.answer(try await store.read { try $0.find(User.self, id) }, request)
            },
            operation(
                .get, "/users/{id}/projects", "list_user_projects", policy: Self.adminOrSelf, "List a user's projects"
            ) {
                request in
                let id = Self.parameter("id", request)
                try request.authorize(target: ["user_id": id])
                let projects = try await store.read { connection in
                    try connection.projects(of: try connection.find(User.self, id).id)
                }
                return Self.answer(list: projects, request)
            },
            operation(.patch, "/users/{id}", "update_user", policy: Self.admin, body: Self.schema, "Change a user") {
                request in
                Self.answer(try await update(request), request)
            },
            operation(.delete, "/users/{id}", "delete_user", policy: Self.admin, success: 204, "Delete a user") {
                request in
                let id = Self.parameter("id", request)
                try await store.change { connection, revoker in
                    _ = try connection.find(User.self, id)
                    try connection.execute("DELETE FROM users WHERE id = ?", [.text(id)])
                    try revoker.revoke(.user, id, in: connection)
                }
                return .empty(204)
            },
            operation(
                .post, "/users/{id}/password", "change_password", policy: Self.anyone, body: Self.schema, success: 204,
                "Change one's own password"
            ) { request in
                try await changePassword(request)
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
        if let password = try fields.text("password", max: PasswordDesk.maximumLength) {
            user.passwordHash = try await passwords.hash(Secret(password))
        }
        return user
    }

    private func update(_ request: APIRequest) async throws -> User {
        let id = Self.parameter("id", request)
        let fields = try Fields(request, "user")
        let password = try fields.text("password", max: PasswordDesk.maximumLength)
        let hash: Secret<String>? =
            if let password { try await passwords.hash(Secret(password)) } else { nil }
        return try await store.change { connection, revoker in
            var user = try connection.find(User.self, id)
            let wasEnabled = user.enabled
            if fields.has("name") { user.name = try fields.name() }
            if fields.has("default_project_id") {
                user.defaultProjectID = try fields.text("default_project_id", max: 64).map { ProjectID($0) }
            }
            if fields.has("description") { user.description = try fields.text("description", max: 65_535) }
            if fields.has("email") { user.email = try fields.text("email") }
            user.enabled = try fields.flag("enabled") ?? user.enabled
            if let hash { user.passwordHash = hash }
            try connection.save(user, named: user.name)
            if hash != nil || wasEnabled && !user.enabled { try revoker.revoke(.user, id, in: connection) }
            return user
        }
    }

    private func changePassword(_ request: APIRequest) async throws {
        let id = Self.parameter("id", request)
        guard try request.caller.userID.text == id else { throw Self.forbidden("identity:change_password") }
        let fields = try Fields(request, "user")
        guard let original = try fields.text("original_password", max: PasswordDesk.maximumLength),
            let password = try fields.text("password", max: PasswordDesk.maximumLength)
        else { throw NovaError(.badRequest, "'password' and 'original_password' are required properties") }
        let before = try await store.read { try $0.find(User.self, id) }
        guard try await issuer.isRight(Secret(original), of: before) else { throw TokenIssuer.refusal }
        let hash = try await passwords.hash(Secret(password))
        try await store.change { connection, revoker in
            var user = try connection.find(User.self, id)
            guard user.passwordHash == before.passwordHash else { throw TokenIssuer.refusal }
            user.passwordHash = hash
            try connection.save(user, named: user.name)
            try revoker.revoke(.user, id, in: connection)
        }
    }
}
