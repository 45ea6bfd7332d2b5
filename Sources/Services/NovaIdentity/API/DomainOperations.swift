import NovaCore
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaSchema
import NovaWire

extension IdentityAPI {
    private static let schema = JSONSchema.wrapped("domain", .anyObject)
    private static let known: Set<String> = [
        "name", "description", "enabled", "options", "tags", "is_domain", "domain_id", "parent_id",
        "explicit_domain_id",
    ]

    /// `/v3/domains`.
    var domainOperations: [Operation] {
        let here = PolicyTarget.path(domain: "id")
        return [
            operation(
                .get, "/domains", "list_domains", policy: IdentityPolicy.listDomains,
                target: PolicyTarget.listedDomain, "List domains"
            ) { request in
                let domains = try await list(Domain.self, request)
                return try Self.answer(list: Self.visible(domains, request, \.id), request)
            },
            operation(
                .post, "/domains", "create_domain", policy: IdentityPolicy.admin, body: Self.schema, success: 201,
                "Create a domain"
            ) { request in
                Self.answer(try await createDomain(try Fields(request, "domain")), request, status: 201)
            },
            operation(
                .get, "/domains/{id}", "get_domain", policy: IdentityPolicy.getDomain, target: here, "Show a domain"
            ) { request in
                let id = Self.parameter("id", request)
                return Self.answer(try await store.read { try $0.find(Domain.self, id) }, request)
            },
            operation(
                .patch, "/domains/{id}", "update_domain", policy: IdentityPolicy.admin, body: Self.schema,
                target: here, "Change a domain"
            ) { request in
                let domain = try await updateDomain(Self.parameter("id", request), Fields(request, "domain"))
                return Self.answer(domain, request)
            },
            operation(
                .delete, "/domains/{id}", "delete_domain", policy: IdentityPolicy.admin, success: 204, target: here,
                "Delete a domain"
            ) { request in
                try await deleteDomain(Self.parameter("id", request))
                return .empty(204)
            },
        ]
    }

    /// Makes a domain of a body's fields, whatever the body calls it.
    func createDomain(_ fields: Fields) async throws -> Domain {
        var domain = Domain()
        domain.id = .random()
        if let id = try fields.text("explicit_domain_id", max: 64) {
            guard UUID128(id) != nil, id.utf8.count == 32 else {
                throw NovaError(.badRequest, "Invalid input for field 'explicit_domain_id': it is no 32 hex digits.")
            }
            domain.id = DomainID(id)
        }
        domain.name = try fields.name(max: 64)
        domain.description = try fields.text("description", max: 65_535) ?? ""
        domain.enabled = try fields.flag("enabled") ?? true
        domain.options.object = try fields.merged(into: [:])
        domain.extra.object = try fields.extra(besides: Self.known)
        let new = domain
        try await store.change { connection, _ in try connection.add(new, named: new.name) }
        return new
    }

    /// Changes a domain by a body's fields, whatever the body calls it.
    func updateDomain(_ id: String, _ fields: Fields) async throws -> Domain {
        let extra = try fields.extra(besides: Self.known)
        return try await store.change { connection, revoker in
            var domain = try connection.find(Domain.self, id)
            let before = domain
            if fields.has("name") { domain.name = try fields.name(max: 64) }
            if fields.has("description") { domain.description = try fields.text("description", max: 65_535) ?? "" }
            domain.enabled = try fields.flag("enabled") ?? domain.enabled
            domain.options.object = try fields.merged(into: domain.options.object)
            for (name, value) in extra { domain.extra.object[name] = value }
            try Immutable.check(before.options, after: domain.options, "domain", id)
            guard domain.enabled || domain.id != Bootstrap.defaultDomain else {
                throw NovaError(.forbidden, "The default domain cannot be disabled: nobody could log in any more.")
            }
            try connection.save(domain, named: domain.name)
            if before.enabled, !domain.enabled { try revoker.revoke(.domain, id, in: connection) }
            return domain
        }
    }

    /// Deletes a disabled domain with all that is in it.
    func deleteDomain(_ id: String) async throws {
        try await store.change { connection, revoker in
            let domain = try connection.find(Domain.self, id)
            try Immutable.check(domain.options, "domain", id)
            guard !domain.enabled else {
                throw NovaError(.forbidden, "Cannot delete a domain that is enabled, please disable it first.")
            }
            for (kind, table) in [("user", "users"), ("group", "groups")] {
                try connection.execute(
                    """
                    DELETE FROM role_assignments
                    WHERE actor_kind = ? AND actor_id IN (SELECT id FROM \(table) WHERE domain_id = ?)
                    """, [.text(kind), .text(id)])
            }
            let projects = "SELECT id FROM projects WHERE domain_id = ?"
            try connection.execute(
                """
                DELETE FROM role_assignments WHERE target_kind = 'domain' AND target_id = ?1
                OR target_kind = 'project' AND target_id IN (SELECT id FROM projects WHERE domain_id = ?1)
                OR role_id IN (SELECT id FROM roles WHERE domain_id = ?1)
                """, [.text(id)])
            for table in ["application_credentials", "credentials", "limits"] {
                try connection.execute("DELETE FROM \(table) WHERE project_id IN (\(projects))", [.text(id)])
            }
            for table in ["limits", "roles", "groups", "users", "projects"] {
                try connection.execute("DELETE FROM \(table) WHERE domain_id = ?", [.text(id)])
            }
            try connection.execute("DELETE FROM domains WHERE id = ?", [.text(id)])
            try revoker.revoke(.domain, id, in: connection)
        }
    }
}
