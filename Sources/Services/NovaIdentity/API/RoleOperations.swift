import NovaCore
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaSchema
import NovaWire

extension IdentityAPI {
    private static let schema = JSONSchema.wrapped("role", .anyObject)

    /// `/v3/roles`.
    var roleOperations: [Operation] {
        let here = PolicyTarget.path(role: "id")
        return [
            operation(.get, "/roles", "list_roles", policy: IdentityPolicy.listRoles, "List roles") { request in
                let domain = request.query("domain_id") ?? ""
                let roles = try await list(Role.self, request, where: "domain_id = ?", [.text(domain)])
                return try Self.answer(list: roles, request)
            },
            operation(
                .post, "/roles", "create_role", policy: IdentityPolicy.admin, body: Self.schema, success: 201,
                "Create a role"
            ) { request in
                let fields = try Fields(request, "role")
                var role = Role()
                role.id = .random()
                role.name = try fields.name()
                role.domainID = try fields.text("domain_id", max: 64) ?? ""
                role.description = try fields.text("description", max: 65_535) ?? ""
                role.options.object = try fields.merged(into: [:])
                let new = role
                try await store.change { connection, _ in
                    if !new.isGlobal { _ = try connection.find(Domain.self, new.domainID) }
                    try connection.add(new, named: new.name)
                }
                return Self.answer(new, request, status: 201)
            },
            operation(.get, "/roles/{id}", "get_role", policy: IdentityPolicy.getRole, target: here, "Show a role") {
                request in
                let id = Self.parameter("id", request)
                return Self.answer(try await store.read { try $0.find(Role.self, id) }, request)
            },
            operation(
                .patch, "/roles/{id}", "update_role", policy: IdentityPolicy.admin, body: Self.schema, target: here,
                "Change a role"
            ) { request in
                let id = Self.parameter("id", request)
                let fields = try Fields(request, "role")
                let role = try await store.change { connection, revoker in
                    var role = try connection.find(Role.self, id)
                    let before = role
                    role.options.object = try fields.merged(into: role.options.object)
                    if fields.has("name") { role.name = try fields.name() }
                    if fields.has("description") {
                        role.description = try fields.text("description", max: 65_535) ?? ""
                    }
                    try Immutable.check(before.options, after: role.options, "role", id)
                    try connection.save(role, named: role.name)
                    // Tokens carry the old name, which policies may still ask for.
                    if role.name != before.name { try revoker.revoke(.role, id, in: connection) }
                    return role
                }
                return Self.answer(role, request)
            },
            operation(
                .delete, "/roles/{id}", "delete_role", policy: IdentityPolicy.admin, success: 204, target: here,
                "Delete a role"
            ) { request in
                let id = Self.parameter("id", request)
                try await store.change { connection, revoker in
                    try Immutable.check(try connection.find(Role.self, id).options, "role", id)
                    try connection.execute("DELETE FROM role_assignments WHERE role_id = ?", [.text(id)])
                    try connection.execute("DELETE FROM roles WHERE id = ?", [.text(id)])
                    try revoker.revoke(.role, id, in: connection)
                }
                return .empty(204)
            },
        ]
    }
}

/// The option `immutable` of roles, projects and domains: nothing else may change before it is taken away.
enum Immutable {
    private static func isSet(_ options: JSONColumn) -> Bool { options.object["immutable"]?.boolValue == true }

    /// Throws `forbidden` for a change of, or an end to, something immutable.
    ///
    /// - Parameter after: the options that the change leaves; taking the option away is allowed.
    static func check(_ options: JSONColumn, after: JSONColumn? = nil, _ kind: String, _ id: String) throws {
        guard isSet(options), after.map(isSet) ?? true else { return }
        let action = after == nil ? "delete" : "update"
        throw NovaError(
            .forbidden,
            "You are not authorized to perform the requested action: Cannot \(action) immutable \(kind) \(id).")
    }
}
