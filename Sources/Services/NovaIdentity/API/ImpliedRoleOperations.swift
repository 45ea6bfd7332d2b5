import NovaCore
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaSchema
import NovaWire

extension IdentityAPI {
    /// `/v3/roles/{prior}/implies` and `/v3/role_inferences`.
    var impliedRoleOperations: [Operation] {
        let path = "/roles/{prior}/implies/{implied}"
        return [
            operation(
                .get, "/role_inferences", "list_role_inference_rules", policy: IdentityPolicy.systemReader,
                "List which roles imply which"
            ) { request in
                let base = Self.base(request)
                let bodies = try await store.read { connection in
                    let graph = try RoleGraph(connection)
                    return graph.priors.map { Self.body(base, $0, graph) }
                }
                let links: JSONValue = ["self": .string("\(base)/role_inferences"), "previous": nil, "next": nil]
                return .json(200, ["role_inferences": .array(bodies), "links": links])
            },
            operation(
                .get, "/roles/{prior}/implies", "list_implied_roles", policy: IdentityPolicy.systemReader,
                "List the roles that a role implies"
            ) { request in
                let (base, id) = (Self.base(request), Self.parameter("prior", request))
                let body = try await store.read { connection in
                    Self.body(base, try connection.find(Role.self, id), try RoleGraph(connection))
                }
                let links: JSONValue = ["self": .string("\(base)/roles/\(id)/implies")]
                return .json(200, ["role_inference": body, "links": links])
            },
            operation(
                .put, path, "create_implied_role", policy: IdentityPolicy.admin, success: 201,
                "Let a role imply another one"
            ) { request in
                let base = Self.base(request)
                let (prior, implied) = try await store.change { connection, _ in
                    let (prior, implied) = try Self.roles(request, connection)
                    try Self.check(prior, implied, connection)
                    guard try !RoleGraph(connection).rules(of: prior.id).contains(implied) else {
                        throw NovaError(.conflict, "The role \(prior.name) implies \(implied.name) already.")
                    }
                    try connection.insert(ImpliedRole(prior.id, implies: implied.id), into: ImpliedRole.table)
                    return (prior, implied)
                }
                return .json(201, Self.body(base, prior, implied))
            },
            operation(
                .get, path, "get_implied_role", policy: IdentityPolicy.systemReader,
                "Show that a role implies another one"
            ) { request in
                let (prior, implied) = try await store.read { try Self.rule(request, $0) }
                return .json(200, Self.body(Self.base(request), prior, implied))
            },
            operation(
                .head, path, "check_implied_role", policy: IdentityPolicy.systemReader, success: 204,
                "Check whether a role implies another one"
            ) { request in
                _ = try await store.read { try Self.rule(request, $0) }
                return .empty(204)
            },
            operation(
                .delete, path, "delete_implied_role", policy: IdentityPolicy.admin, success: 204,
                "Let a role imply another one no more"
            ) { request in
                try await store.change { connection, revoker in
                    let (prior, implied) = try Self.rule(request, connection)
                    try connection.execute(
                        "DELETE FROM implied_roles WHERE prior_id = ? AND implied_id = ?",
                        [prior.id.column, implied.id.column])
                    // Tokens carry the implied role.
                    try revoker.revoke(.role, prior.id.text, in: connection)
                }
                return .empty(204)
            },
        ]
    }

    private static func roles(_ request: APIRequest, _ connection: Connection) throws -> (prior: Role, implied: Role) {
        (
            try connection.find(Role.self, parameter("prior", request)),
            try connection.find(Role.self, parameter("implied", request))
        )
    }

    private static func rule(_ request: APIRequest, _ connection: Connection) throws -> (prior: Role, implied: Role) {
        let (prior, implied) = try roles(request, connection)
        guard try RoleGraph(connection).rules(of: prior.id).contains(implied) else {
            throw NovaError(.notFound, "Could not find implied role \(implied.id) of prior role \(prior.id).")
        }
        return (prior, implied)
    }

    private static func check(_ prior: Role, _ implied: Role, _ connection: Connection) throws {
        guard implied.isGlobal || !prior.isGlobal, implied.name != "admin" else {
            throw NovaError(
                .forbidden,
                "You are not authorized to perform the requested action: \(implied.name) cannot be an implied role.")
        }
        guard prior.id != implied.id, try !RoleGraph(connection).implies(implied.id, prior.id) else {
            throw NovaError(.badRequest, "A role cannot imply itself, directly or by others.")
        }
    }

    private static func body(_ base: String, _ prior: Role, _ implied: Role) -> JSONValue {
        let links: JSONValue = ["self": .string("\(base)/roles/\(prior.id)/implies/\(implied.id)")]
        return [
            "role_inference": ["prior_role": reference(prior, base), "implies": reference(implied, base)],
            "links": links,
        ]
    }

    private static func body(_ base: String, _ prior: Role, _ graph: RoleGraph) -> JSONValue {
        [
            "prior_role": reference(prior, base),
            "implies": .array(graph.rules(of: prior.id).map { reference($0, base) }),
        ]
    }

    private static func reference(_ role: Role, _ base: String) -> JSONValue {
        [
            "id": .string(role.id.text), "name": .string(role.name), "description": .string(role.description),
            "links": role.selfLink(base),
        ]
    }
}
