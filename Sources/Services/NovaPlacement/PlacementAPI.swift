import NovaCore
import NovaHTTP
import NovaModel
import NovaSchema
import PlacementStore

/// The Placement API as a view: what providers have and who uses it.
///
/// Changes go over the queue only, so other verbs answer 405.
struct PlacementAPI: Sendable {
    /// Administrators and services, as placement's own default.
    static let rule = "role:admin or role:service or is_admin:True"

    let placement: PlacementRepository

    var api: API {
        API(
            name: "placement", prefix: "",
            microversions: .placement,
            faults: .placement, operations: [versions] + providerOperations + consumerOperations + nameOperations)
    }

    private var versions: Operation {
        Operation(.get, "/", name: "placement:versions", policy: nil, summary: "Shows the API's versions.") { _ in
            .json(
                200,
                [
                    "versions": [
                        [
                            "id": "v1.0", "min_version": "1.0",
                            "max_version": "1.39", "status": "CURRENT",
                            "links": [["rel": "self", "href": ""]],
                        ]
                    ]
                ])
        }
    }

    /// One read operation behind the default rule.
    static func show(
        _ path: String, _ name: String, since: Microversion? = nil, _ summary: String,
        _ handler: @escaping @Sendable (APIRequest) async throws -> APIResponse
    ) -> Operation {
        Operation(.get, path, name: "placement:\(name)", since: since, policy: rule, summary: summary, handler)
    }

    /// A response with the headers that bodies have from 1.15 on.
    static func body(_ request: APIRequest, _ value: JSONValue) -> APIResponse {
        let isCached = request.version >= Microversion(1, 15)
        let headers = isCached ? [("Last-Modified", HTTPDate.text(.now())), ("Cache-Control", "no-cache")] : []
        return .json(200, headers: headers, value)
    }

    /// The provider that the path names; throws `notFound`.
    func provider(_ request: APIRequest) throws -> ProviderID {
        let text = request.parameters["uuid"] ?? ""
        guard let id = ProviderID(text) else {
            throw NovaError(.notFound, "No resource provider with uuid \(text) found")
        }
        return id
    }

    /// Refuses query parameters that are not known, or came with a later version.
    static func checkQuery(_ request: APIRequest, _ known: [String: Microversion]) throws {
        for (name, _) in request.query {
            guard let since = known[name], request.version >= since else {
                throw NovaError(
                    .badRequest,
                    "Invalid query string parameters: Additional properties are not allowed ('\(name)' was unexpected)")
            }
        }
    }
}
