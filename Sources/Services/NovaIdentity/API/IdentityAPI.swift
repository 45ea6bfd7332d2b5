import NovaAuth
import NovaCore
import NovaCrypto
import NovaDatabase
import NovaHTTP
import NovaPolicy
import NovaSchema

/// The Identity API, version 3: its operations over the store.
///
/// One file per resource.
struct IdentityAPI: Sendable {
    /// What the operator must be.
    static let admin = "role:admin"
    /// Administrators, and the user that the request is about; the handler names that user.
    static let adminOrSelf = "role:admin or user_id:%(user_id)s"
    /// Whoever has a valid token; the handler looks closer.
    static let anyone = "@"

    let store: IdentityStore
    let issuer: TokenIssuer
    let authenticator: TokenAuthenticator
    let passwords: PasswordDesk

    /// What is served under `/v3`.
    var versionThree: API {
        API(name: "identity", prefix: "/v3", microversions: nil, faults: .keystone, operations: operations)
    }

    /// What is served at the root: the list of versions.
    var root: API {
        API(name: "identity-versions", prefix: "", microversions: nil, faults: .keystone, operations: rootOperations)
    }

    private var operations: [Operation] {
        versionOperations + tokenOperations + authOperations + projectOperations + userOperations + domainOperations
            + roleOperations + grantOperations + assignmentOperations + serviceOperations + endpointOperations
            + regionOperations
    }

    /// The URL of `/v3` as the client sees it.
    static func base(_ request: APIRequest) -> String { "\(request.baseURL)/v3" }

    /// One resource as an answer.
    static func answer<R: Resource>(_ resource: R, _ request: APIRequest, status: Int = 200) -> APIResponse {
        .json(status, resource.body(base(request)))
    }

    /// A collection as an answer, filtered by the request's query.
    static func answer<R: Resource>(list resources: [R], _ request: APIRequest) -> APIResponse {
        let base = base(request)
        let filter = ListFilter(request.query)
        let bodies = resources.map { $0.json(base) }.filter(filter.matches)
        return answer(list: bodies, named: R.plural, request)
    }

    /// Bodies as a collection.
    static func answer(list bodies: [JSONValue], named name: String, _ request: APIRequest) -> APIResponse {
        let links: JSONValue = ["self": .string("\(request.baseURL)\(request.path)"), "previous": nil, "next": nil]
        return .json(200, .object(JSONObject([(name, .array(bodies)), ("links", links)])))
    }

    /// A parameter of the path; the router gives every one that the path has.
    static func parameter(_ name: String, _ request: APIRequest) -> String { request.parameters[name] ?? "" }

    /// Keystone's words for a policy's refusal.
    static func forbidden(_ rule: String) -> NovaError {
        NovaError(.forbidden, "You are not authorized to perform the requested action: \(rule).")
    }

    /// One operation with an object as its body.
    func operation(
        _ verb: HTTPVerb, _ path: String, _ name: String, policy: String?, body: JSONSchema? = nil, success: Int = 200,
        _ summary: String, _ handler: @escaping @Sendable (APIRequest) async throws -> APIResponse
    ) -> Operation {
        Operation(
            verb, path, name: "identity:\(name)", body: body.map { [BodySchema($0)] } ?? [], policy: policy,
            success: success, summary: summary, handler)
    }
}
