import NovaCrypto
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
            operation(.get, "/auth/catalog", "get_auth_catalog", policy: IdentityPolicy.anyone, "Show the catalog") {
                request in
                // The authenticator has just accepted this token; its claims come from the cache.
                guard let token = request.header("X-Auth-Token") else { throw TokenIssuer.refusal }
                let claims = try await authenticator.claims(of: token)
                guard claims.isScoped else { throw Self.forbidden("identity:get_auth_catalog") }
                let catalog = try await store.read { try TokenBody.catalog(for: claims, in: $0) }
                let links: JSONValue = ["self": .string("\(Self.base(request))/auth/catalog")]
                return .json(200, ["catalog": catalog, "links": links])
            },
            operation(
                .get, "/auth/projects", "get_auth_projects", policy: IdentityPolicy.anyone,
                "List the caller's projects"
            ) { request in
                let user = try request.caller.userID
                let projects = try await store.read { connection in
                    let disabled = Set(try connection.all(Domain.self).filter { !$0.enabled }.map(\.id))
                    return try connection.projects(of: user).filter { $0.enabled && !disabled.contains($0.domainID) }
                }
                return try Self.answer(list: projects, request)
            },
            operation(
                .get, "/auth/domains", "get_auth_domains", policy: IdentityPolicy.anyone, "List the caller's domains"
            ) { request in
                let user = try request.caller.userID
                let domains = try await store.read { try $0.domains(of: user).filter(\.enabled) }
                return try Self.answer(list: domains, request)
            },
            operation(
                .get, "/auth/system", "get_auth_system", policy: IdentityPolicy.anyone, "List the caller's systems"
            ) { request in
                let user = try request.caller.userID
                let roles = try await store.read { try $0.roles(of: user, on: .wholeSystem) }
                let systems: [JSONValue] = roles.isEmpty ? [] : [["all": true]]
                return try Self.answer(list: systems, named: "system", request)
            },
        ]
    }
}
