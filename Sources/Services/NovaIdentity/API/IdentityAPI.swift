import NovaWire
import NovaAuth
import NovaCore
import NovaCrypto
import NovaDatabase
import NovaHTTP
import NovaSchema

/// The Identity API, version 3: its operations over the store.
///
/// One file per resource.
struct IdentityAPI: Sendable {
    let store: IdentityStore
    let issuer: TokenIssuer
    let authenticator: TokenAuthenticator
    let passwords: PasswordDesk
    let sealer: TextSealer
    let settings: IdentitySettings

    /// What is served under `/v3`.
    var versionThree: API {
        API(name: "identity", prefix: "/v3", microversions: nil, faults: .keystone, operations: operations)
    }

    /// What is served at the root: the list of versions.
    var root: API {
        API(name: "identity-versions", prefix: "", microversions: nil, faults: .keystone, operations: rootOperations)
    }

    private var operations: [Operation] {
        let access = versionOperations + tokenOperations + revocationListOperations + authOperations
        let people = userOperations + passwordOperations + groupOperations + applicationCredentialOperations
        let places = domainOperations + projectOperations + projectTagOperations
        let roles = roleOperations + impliedRoleOperations + grantOperations + assignmentOperations
        let catalog = serviceOperations + endpointOperations + regionOperations + limitOperations
        let proofs = credentialOperations + userEC2Operations + ec2TokenOperations
        return access + people + places + roles + catalog + proofs
    }

    /// The URL of `/v3` as the client sees it.
    static func base(_ request: APIRequest) -> String { "\(request.baseURL)/v3" }

    /// One resource as an answer.
    static func answer<R: Resource>(_ resource: R, _ request: APIRequest, status: Int = 200) -> APIResponse {
        .json(status, resource.body(base(request)))
    }

    /// A collection as an answer, filtered and cut to a page by the request's query.
    static func answer<R: Resource>(list resources: [R], _ request: APIRequest) throws -> APIResponse {
        let base = base(request)
        return try answer(list: resources.map { $0.json(base) }, named: R.plural, request)
    }

    /// Bodies as a collection, filtered and cut to a page by the request's query.
    static func answer(list bodies: [JSONValue], named name: String, _ request: APIRequest) throws -> APIResponse {
        let filter = ListFilter(request.query)
        return try ListPage(request).answer(bodies.filter(filter.matches), named: name)
    }

    /// All resources of a kind that the equality filters of the request leave, as far as the database can tell.
    func list<R: Resource>(
        _ type: R.Type, _ request: APIRequest, where clause: String = "TRUE", _ values: [ColumnValue] = []
    ) async throws -> [R] {
        var conditions = [clause]
        var values = values
        for (name, value) in request.query where R.filterColumns.contains(name) {
            conditions.append("\(R.table).\(name) = ?")
            values.append(.text(value))
        }
        let (condition, bound) = (conditions.joined(separator: " AND "), values)
        return try await store.read {
            try $0.records(R.self, from: R.table, where: condition, bound, suffix: "ORDER BY id")
        }
    }

    /// A parameter of the path; the router gives every one that the path has.
    static func parameter(_ name: String, _ request: APIRequest) -> String { request.parameters[name] ?? "" }

    /// Keystone's words for a policy's refusal.
    static func forbidden(_ rule: String) -> NovaError {
        NovaError(.forbidden, "You are not authorized to perform the requested action: \(rule).")
    }

    /// One operation with an object as its body; nil as `policy` means that no token is needed.
    ///
    /// The rule is compared with the caller's own ids and with `target` before the handler runs.
    func operation(
        _ verb: HTTPVerb, _ path: String, _ name: String, policy: String?, body: JSONSchema? = nil, success: Int = 200,
        target: PolicyTarget.Source = .caller,
        _ summary: String, _ handler: @escaping @Sendable (APIRequest) async throws -> APIResponse
    ) -> Operation {
        let rule = "identity:\(name)"
        return Operation(
            verb, path, name: rule, body: body.map { [BodySchema($0)] } ?? [], policy: policy,
            authorizesItself: true, success: success, summary: summary
        ) { request in
            if policy != nil { try await authorize(request, rule, target) }
            return try await handler(request)
        }
    }

    private func authorize(_ request: APIRequest, _ rule: String, _ source: PolicyTarget.Source) async throws {
        let target: PolicyTarget
        switch source {
        case .caller: target = PolicyTarget()
        case .request(let read): target = try await read(request)
        case .rows(let load): target = try await store.read { try load(request, $0) }
        }
        guard try request.allows(rule, target: request.caller.ownTarget.merging(target.values) { $1 }) else {
            throw Self.forbidden(rule)
        }
    }
}
