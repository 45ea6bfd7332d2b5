import NovaAuth
import NovaCore
import NovaDatabase
import NovaHTTP
import NovaSchema
import NovaWire

extension IdentityAPI {
    /// What the holder of a token can reach: `/v3/auth/catalog`, `projects`, `domains`, `system`.
    var authOperations: [Operation] {
        [
            operation(.get, "/auth/catalog", "get_auth_catalog", policy: Self.anyone, "Show the catalog") { request in
                // The authenticator has just accepted this token; its claims come from the cache.
                guard let token = request.header("X-Auth-Token") else { throw TokenIssuer.refusal }
                let claims = try await authenticator.claims(of: token)
                guard claims.isScoped else { throw Self.forbidden("identity:get_auth_catalog") }
                let catalog = try await store.read { try TokenBody.catalog(for: claims, in: $0) }
                let links: JSONValue = ["self": .string("\(Self.base(request))/auth/catalog")]
                return .json(200, ["catalog": catalog, "links": links])
            },
            operation(.get, "/auth/projects", "get_auth_projects", policy: Self.anyone, "List the caller's projects") {
                request in
                let user = try request.caller.userID
                return Self.answer(
                    list: try await store.read { try $0.projects(of: user).filter(\.enabled) }, request)
            },
            operation(.get, "/auth/domains", "get_auth_domains", policy: Self.anyone, "List the caller's domains") {
                request in
                let user = try request.caller.userID
                let domains = try await store.read { connection in
                    try connection.records(
                        Domain.self, from: Domain.table,
                        where: """
                            enabled = 1 AND id IN
                            (SELECT target_id FROM assignments WHERE user_id = ? AND target_kind = 'domain')
                            """, [user.column], suffix: "ORDER BY id")
                }
                return Self.answer(list: domains, request)
            },
            operation(.get, "/auth/system", "get_auth_system", policy: Self.anyone, "List the caller's systems") {
                request in
                let user = try request.caller.userID
                let roles = try await store.read { try $0.roles(of: user, .system, Assignment.wholeSystem) }
                let systems: [JSONValue] = roles.isEmpty ? [] : [["all": true]]
                return Self.answer(list: systems, named: "system", request)
            },
        ]
    }
}

extension Connection {
    /// The projects in which a user has a role.
    func projects(of user: UserID) throws -> [Project] {
        try records(
            Project.self, from: Project.table,
            where: "id IN (SELECT target_id FROM assignments WHERE user_id = ? AND target_kind = 'project')",
            [user.column], suffix: "ORDER BY id")
    }
}
