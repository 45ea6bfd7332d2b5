import NovaCore
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaSchema
import NovaWire

extension IdentityAPI {
    private static let schema = JSONSchema.wrapped("domain", .anyObject)

    /// `/v3/domains`.
    var domainOperations: [Operation] {
        [
            operation(.get, "/domains", "list_domains", policy: Self.admin, "List domains") { request in
                Self.answer(list: try await store.read { try $0.all(Domain.self) }, request)
            },
            operation(
                .post, "/domains", "create_domain", policy: Self.admin, body: Self.schema, success: 201,
                "Create a domain"
            ) { request in
                let fields = try Fields(request, "domain")
                var domain = Domain()
                domain.id = .random()
                domain.name = try fields.name(max: 64)
                domain.description = try fields.text("description", max: 65_535) ?? ""
                domain.enabled = try fields.flag("enabled") ?? true
                let new = domain
                try await store.change { connection, _ in try connection.add(new, named: new.name) }
                return Self.answer(new, request, status: 201)
            },
            operation(.get, "/domains/{id}", "get_domain", policy: Self.anyone, "Show a domain") { request in
                let id = Self.parameter("id", request)
                let caller = try request.caller
                guard caller.isAdmin || caller.userDomainID.text == id else {
                    throw Self.forbidden("identity:get_domain")
                }
                return Self.answer(try await store.read { try $0.find(Domain.self, id) }, request)
            },
            operation(
                .patch, "/domains/{id}", "update_domain", policy: Self.admin, body: Self.schema, "Change a domain"
            ) { request in
                let id = Self.parameter("id", request)
                let fields = try Fields(request, "domain")
                let domain = try await store.change { connection, revoker in
                    var domain = try connection.find(Domain.self, id)
                    let wasEnabled = domain.enabled
                    if fields.has("name") { domain.name = try fields.name(max: 64) }
                    if fields.has("description") {
                        domain.description = try fields.text("description", max: 65_535) ?? ""
                    }
                    domain.enabled = try fields.flag("enabled") ?? domain.enabled
                    guard domain.enabled || domain.id != Bootstrap.defaultDomain else {
                        throw NovaError(
                            .forbidden, "The default domain cannot be disabled: nobody could log in any more.")
                    }
                    try connection.save(domain, named: domain.name)
                    if wasEnabled, !domain.enabled { try revoker.revoke(.domain, id, in: connection) }
                    return domain
                }
                return Self.answer(domain, request)
            },
            operation(.delete, "/domains/{id}", "delete_domain", policy: Self.admin, success: 204, "Delete a domain") {
                request in
                let id = Self.parameter("id", request)
                try await store.change { connection, revoker in
                    guard try !connection.find(Domain.self, id).enabled else {
                        throw NovaError(.forbidden, "Cannot delete a domain that is enabled, please disable it first.")
                    }
                    try connection.execute(
                        """
                        DELETE FROM assignments WHERE target_kind = 'domain' AND target_id = ?1 OR target_kind = 'project'
                        AND target_id IN (SELECT id FROM projects WHERE domain_id = ?1)
                        """, [.text(id)])
                    try connection.execute("DELETE FROM users WHERE domain_id = ?", [.text(id)])
                    try connection.execute("DELETE FROM projects WHERE domain_id = ?", [.text(id)])
                    try connection.execute("DELETE FROM domains WHERE id = ?", [.text(id)])
                    try revoker.revoke(.domain, id, in: connection)
                }
                return .empty(204)
            },
        ]
    }
}
