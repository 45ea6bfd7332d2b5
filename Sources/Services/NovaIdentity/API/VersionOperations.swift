import NovaHTTP
import NovaSchema

extension IdentityAPI {
    /// `GET /`: the versions, for discovery.
    var rootOperations: [Operation] {
        [
            operation(.get, "/", "versions", policy: nil, success: 300, "List the versions of the API") { request in
                .json(300, ["versions": ["values": [Self.version(request)]]])
            }
        ]
    }

    /// `GET /v3`: this version.
    var versionOperations: [Operation] {
        [
            operation(.get, "/", "version", policy: nil, "Show the version of the API") { request in
                .json(200, ["version": Self.version(request)])
            }
        ]
    }

    private static func version(_ request: APIRequest) -> JSONValue {
        [
            "id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z",
            "links": [["rel": "self", "href": .string("\(base(request))/")]],
            "media-types": [
                ["base": "application/json", "type": "application/vnd.openstack.identity-v3+json"]
            ],
        ]
    }
}
