import NovaAuth
import NovaCore
import NovaCrypto
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaSchema
import NovaWire

extension IdentityAPI {
    /// `/v3/users/{user}/application_credentials` and `/v3/users/{user}/access_rules`.
    var applicationCredentialOperations: [Operation] {
        let here = PolicyTarget.path(user: "user")
        let path = "/users/{user}/application_credentials"
        return [
            operation(
                .get, path, "list_application_credentials", policy: IdentityPolicy.readApplicationCredentials,
                target: here, "List a user's application credentials"
            ) { request in
                let user = Self.parameter("user", request)
                let base = Self.base(request)
                let name = request.query("name")
                let bodies = try await store.read { connection in
                    try connection.records(
                        ApplicationCredential.self, from: ApplicationCredential.table, where: "user_id = ?",
                        [.text(user)], suffix: "ORDER BY id"
                    ).filter { name == nil || $0.name == name }.map { try $0.json(base, connection) }
                }
                return try Self.answer(list: bodies, named: ApplicationCredential.plural, request)
            },
            operation(
                .post, path, "create_application_credential", policy: IdentityPolicy.createApplicationCredential,
                body: .wrapped("application_credential", .anyObject), success: 201, target: here,
                "Create an application credential"
            ) { request in
                try await createApplicationCredential(request)
            },
            operation(
                .get, "\(path)/{id}", "get_application_credential", policy: IdentityPolicy.readApplicationCredentials,
                target: here, "Show an application credential"
            ) { request in
                let base = Self.base(request)
                let body = try await store.read { connection in
                    try Self.credential(request, connection).json(base, connection)
                }
                return .json(200, ["application_credential": body])
            },
            operation(
                .delete, "\(path)/{id}", "delete_application_credential",
                policy: IdentityPolicy.deleteApplicationCredential, success: 204, target: here,
                "Delete an application credential"
            ) { request in
                try await checkUnrestricted(request, "delete_application_credential")
                try await store.change { connection, revoker in
                    let credential = try Self.credential(request, connection)
                    try connection.execute(
                        "DELETE FROM application_credentials WHERE id = ?", [.text(credential.id)])
                    try revoker.revoke(.applicationCredential, credential.id, in: connection)
                }
                return .empty(204)
            },
        ] + accessRuleOperations
    }

    private var accessRuleOperations: [Operation] {
        let here = PolicyTarget.path(user: "user")
        let path = "/users/{user}/access_rules"
        return [
            operation(
                .get, path, "list_access_rules", policy: IdentityPolicy.readAccessRules, target: here,
                "List the access rules of a user"
            ) { request in
                let user = Self.parameter("user", request)
                return try Self.answer(
                    list: try await list(AccessRule.self, request, where: "user_id = ?", [.text(user)]), request)
            },
            operation(
                .get, "\(path)/{id}", "get_access_rule", policy: IdentityPolicy.readAccessRules, target: here,
                "Show an access rule"
            ) { request in
                Self.answer(try await store.read { try Self.rule(request, $0) }, request)
            },
            operation(
                .delete, "\(path)/{id}", "delete_access_rule", policy: IdentityPolicy.deleteAccessRule, success: 204,
                target: here, "Delete an access rule that no credential uses"
            ) { request in
                try await store.change { connection, _ in
                    let rule = try Self.rule(request, connection)
                    let credentials = try connection.records(
                        ApplicationCredential.self, from: ApplicationCredential.table, where: "user_id = ?",
                        [.text(rule.userID)])
                    guard !credentials.contains(where: { $0.accessRuleIDs.contains(rule.id) }) else {
                        throw Self.forbidden("access rule \(rule.id) is used by an application credential")
                    }
                    try connection.execute("DELETE FROM access_rules WHERE id = ?", [.text(rule.id)])
                }
                return .empty(204)
            },
        ]
    }

    private func createApplicationCredential(_ request: APIRequest) async throws -> APIResponse {
        try await checkUnrestricted(request, "create_application_credential")
        let caller = try request.caller
        guard let project = caller.projectID else {
            throw NovaError(.badRequest, "An application credential needs a token that is scoped to a project.")
        }
        let fields = try Fields(request, "application_credential")
        let wanted = try WantedCredential(fields, user: caller.userID.text)
        let secret = try fields.text("secret", max: PasswordDesk.maximumLength) ?? RandomBytes.text(entropyBytes: 64)
        var credential = wanted.credential
        credential.userID = caller.userID
        credential.projectID = project
        credential.secretHash = try await passwords.hash(Secret(secret))
        let new = credential
        let base = Self.base(request)
        let body = try await store.change { connection, _ in
            var new = new
            guard let here = try connection.present(Project.self, project.text) else {
                throw Project.missing(project.text)
            }
            new.roleIDs = try wanted.roles(of: try connection.roles(of: new.userID, in: here))
            new.accessRuleIDs = try wanted.saveRules(connection)
            try connection.add(new, named: new.name)
            return try new.json(base, connection)
        }
        var shown = body.objectValue ?? [:]
        // The one time that it is told.
        shown["secret"] = .string(secret)
        return .json(201, ["application_credential": .object(shown)])
    }

    /// Throws when the caller's token is that of a restricted application credential.
    func checkUnrestricted(_ request: APIRequest, _ action: String) async throws {
        guard let token = request.header("X-Auth-Token"),
            let own = try await authenticator.claims(of: token).applicationCredential, own.isRestricted
        else { return }
        throw Self.forbidden("identity:\(action) with a restricted application credential")
    }

    private static func credential(_ request: APIRequest, _ connection: Connection) throws -> ApplicationCredential {
        let found = try connection.find(ApplicationCredential.self, parameter("id", request))
        guard found.userID.text == parameter("user", request) else { throw ApplicationCredential.missing(found.id) }
        return found
    }

    private static func rule(_ request: APIRequest, _ connection: Connection) throws -> AccessRule {
        let found = try connection.find(AccessRule.self, parameter("id", request))
        guard found.userID == parameter("user", request) else { throw AccessRule.missing(found.id) }
        return found
    }
}

extension ApplicationCredential {
    fileprivate func json(_ base: String, _ connection: Connection) throws -> JSONValue {
        json(
            base, roles: try roleIDs.compactMap { try connection.present(Role.self, $0.text) },
            rules: try accessRuleIDs.compactMap { try connection.present(AccessRule.self, $0) })
    }
}
