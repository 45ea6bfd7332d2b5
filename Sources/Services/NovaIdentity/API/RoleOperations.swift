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
        [
            operation(.get, "/roles", "list_roles", policy: Self.admin, "List roles") { request in
                Self.answer(list: try await store.read { try $0.all(Role.self) }, request)
            },
            operation(
                .post, "/roles", "create_role", policy: Self.admin, body: Self.schema, success: 201, "Create a role"
            ) { request in
                let fields = try Fields(request, "role")
                guard try fields.text("domain_id") == nil else {
                    throw NovaError(.badRequest, "Roles of a domain are not supported: leave out domain_id.")
                }
                var role = Role()
                role.id = .random()
                role.name = try fields.name()
                role.description = try fields.text("description", max: 65_535) ?? ""
                let new = role
                try await store.change { connection, _ in try connection.add(new, named: new.name) }
                return Self.answer(new, request, status: 201)
            },
            operation(.get, "/roles/{id}", "get_role", policy: Self.admin, "Show a role") { request in
                let id = Self.parameter("id", request)
                return Self.answer(try await store.read { try $0.find(Role.self, id) }, request)
            },
            operation(.patch, "/roles/{id}", "update_role", policy: Self.admin, body: Self.schema, "Change a role") {
                request in
                let id = Self.parameter("id", request)
                let fields = try Fields(request, "role")
                let role = try await store.change { connection, revoker in
                    var role = try connection.find(Role.self, id)
                    let before = role.name
                    if fields.has("name") { role.name = try fields.name() }
                    if fields.has("description") {
                        role.description = try fields.text("description", max: 65_535) ?? ""
                    }
                    try connection.save(role, named: role.name)
                    // Tokens carry the old name, which policies may still ask for.
                    if role.name != before { try revoker.revoke(.role, id, in: connection) }
                    return role
                }
                return Self.answer(role, request)
            },
            operation(.delete, "/roles/{id}", "delete_role", policy: Self.admin, success: 204, "Delete a role") {
                request in
                let id = Self.parameter("id", request)
                try await store.change { connection, revoker in
                    _ = try connection.find(Role.self, id)
                    try connection.execute("DELETE FROM roles WHERE id = ?", [.text(id)])
                    try revoker.revoke(.role, id, in: connection)
                }
                return .empty(204)
            },
        ]
    }
}
