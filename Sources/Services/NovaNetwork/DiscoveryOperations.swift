import NovaCore
import NovaDatabase
import NovaHTTP
import NovaSchema
import NovaWire

/// Versions, extensions, quotas, and the resources of which this cloud has none.
struct DiscoveryOperations: Sendable {
    /// What the API has of Neutron's extensions.
    private static let extensions: [(alias: String, name: String, description: String)] = [
        ("binding", "Port Binding", "Shows on which host a port is bound"),
        ("external-net", "Neutron external network", "Networks show router:external, always false here"),
        ("filter-validation", "Filter parameters validation", "Unknown filters of lists are refused"),
        ("ip-substring-filtering", "IP address substring filtering", "Ports by part of their address"),
        ("net-mtu", "Network MTU", "Shows the MTU of networks"),
        ("net-mtu-writable", "Network MTU (writable)", "Sets the MTU of networks"),
        ("pagination", "Pagination support", "Lists in pages"),
        ("project-id", "project_id field enabled", "project_id beside tenant_id"),
        ("quotas", "Quota management support", "Shows quotas"),
        ("quota_details", "Quota details management support", "Shows how much of a quota is used"),
        ("sorting", "Sorting support", "Lists in order"),
        ("standard-attr-description", "standard-attr-description", "Resources have descriptions"),
        ("standard-attr-revisions", "Resource revision numbers", "Resources show revision numbers"),
        ("standard-attr-timestamp", "Resource timestamps", "Resources show when they were made and changed"),
    ]

    /// Lists that are always empty: neither the resource nor a way to make one exists.
    private static let absent = [
        "security-groups", "security-group-rules", "floatingips", "routers", "agents", "availability_zones",
        "subnetpools", "address-scopes", "rbac-policies", "trunks",
    ]

    private static let quotaNames = [
        "network", "subnet", "port", "router", "floatingip", "security_group", "security_group_rule", "subnetpool",
        "rbac_policy",
    ]

    let database: Database

    /// At the root of the service.
    var versions: [Operation] {
        [
            Operation(.get, "/", name: "get_versions", policy: nil, success: 200, summary: "The versions of the API.") {
                request in
                .json(
                    200,
                    [
                        "versions": [
                            [
                                "id": "v2.0", "status": "CURRENT",
                                "links": [["rel": "self", "href": .string("\(request.baseURL)/v2.0/")]],
                            ]
                        ]
                    ])
            }
        ]
    }

    var operations: [Operation] {
        [
            Operation(.get, "", name: "get_resources", policy: nil, success: 200, summary: "The resources of v2.0.") {
                request in
                .json(
                    200,
                    [
                        "resources": .array(
                            ["network", "subnet", "port"].map { word in
                                [
                                    "name": .string(word), "collection": .string("\(word)s"),
                                    "links": [
                                        ["rel": "self", "href": .string("\(request.baseURL)/v2.0/\(word)s")]
                                    ],
                                ]
                            })
                    ])
            },
            .list("extensions", name: "get_extensions", "What the API has besides networks, subnets and ports.") { _ in
                .json(200, ["extensions": .array(Self.extensions.map { .object(Self.view($0)) })])
            },
            .show("extensions", name: "get_extension", "An extension.") { request in
                let alias = request.parameters["id"] ?? ""
                guard let known = Self.extensions.first(where: { $0.alias == alias }) else {
                    throw NovaError(.notFound, "Extension with alias \(alias.prefix(64)) does not exist")
                }
                return .json(200, ["extension": .object(Self.view(known))])
            },
            .list("quotas", name: "get_quotas", "Projects with quotas of their own: none.") { _ in
                .json(200, ["quotas": []])
            },
            .show("quotas", name: "get_quota", "The quotas of a project: none is limited.", Self.quota),
            Operation(
                .get, "/quotas/{id}/default", name: "get_quota_default", policy: "@", success: 200,
                summary: "The quotas of a new project.", Self.quota),
            Operation(
                .delete, "/quotas/{id}", name: "delete_quota", policy: "role:admin or is_admin:True", success: 204,
                summary: "Gives a project the usual quotas, which it has: there are no others."
            ) { _ in .empty(204) },
            Operation(
                .get, "/quotas/{id}/details", name: "get_quota_details", policy: "@", success: 200,
                summary: "The quotas of a project, and how much of them it uses.", details),
        ]
            + Self.absent.flatMap { path -> [Operation] in
                let resource = path.split(separator: "-").joined(separator: "_")
                return [
                    .list(path, name: "get_\(resource)", "Always empty: this cloud has none.") { _ in
                        .json(200, .object([resource: []]))
                    },
                    .show(path, name: "get_\(resource)_item", "Never found: this cloud has none.") { request in
                        throw NovaError(
                            .notFound, "\(resource) \((request.parameters["id"] ?? "").prefix(64)) could not be found.")
                    },
                ]
            }
    }

    @Sendable
    private static func quota(_ request: APIRequest) async throws -> APIResponse {
        _ = try project(request)
        return .json(200, ["quota": .object(JSONObject(quotaNames.map { ($0, -1) }))])
    }

    @Sendable
    private func details(_ request: APIRequest) async throws -> APIResponse {
        let used = try await database.read { [project = try Self.project(request)] connection in
            try NetworkTables(connection).counts(of: project)
        }
        let details = Self.quotaNames.map { name -> (String, JSONValue) in
            (name, ["limit": -1, "used": .integer(used[name] ?? 0), "reserved": 0])
        }
        return .json(200, ["quota": .object(JSONObject(details))])
    }

    /// The project in the path; a project sees its own quota only.
    private static func project(_ request: APIRequest) throws -> ProjectID {
        let requester = try Requester(request)
        let id = request.parameters["id"] ?? ""
        guard requester.isAdmin || id == requester.projectID.text else {
            throw NovaError(.forbidden, "Only an administrator may see the quotas of another project.")
        }
        return ProjectID(id)
    }

    private static func view(_ known: (alias: String, name: String, description: String)) -> JSONObject {
        [
            "alias": .string(known.alias), "name": .string(known.name), "description": .string(known.description),
            "updated": "2026-01-01T00:00:00-00:00", "links": [],
        ]
    }
}
