import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/os-quota-class-sets`: the class "default" holds for all projects (`spec/compute-api.md`).
struct QuotaClassesResource: Sendable {
    private static let path = "/os-quota-class-sets/{id}"
    private static let name = "os_compute_api:os-quota-class-sets:"
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, Self.path, name: Self.name + "show", query: Queries.none, policy: Rules.admin,
                summary: "Shows the quotas of a class."
            ) { request in
                let id = try request.parameter("id")
                let limits = try await parts.database.read { [quota = parts.quota] in
                    try quota.limits(ofClass: id, $0)
                }
                return Self.answer(limits, id, request)
            },
            Operation(
                .put, Self.path, name: Self.name + "update", body: Self.updateBody, policy: Rules.admin,
                summary: "Sets quotas of a class."
            ) { request in
                let id = try request.parameter("id")
                guard (1...255).contains(id.utf8.count) else {
                    throw NovaError(.badRequest, "A quota class has a name of at most 255 characters.")
                }
                let wanted = try QuotaUsage.limits(request.body["quota_class_set"]?.objectValue ?? JSONObject())
                let limits = try await parts.database.write { [quota = parts.quota] connection in
                    try QuotaTable(connection).set(wanted, of: .quotaClass(id))
                    return try quota.limits(ofClass: id, connection)
                }
                return Self.answer(limits, nil, request)
            },
        ]
    }

    /// Those of a class: groups from 2.50 on, when the network's went.
    private static func resources(_ minor: Int) -> [QuotaResource] {
        QuotaResource.allCases.filter { resource in
            switch resource {
            case .serverGroups, .serverGroupMembers: minor >= 50
            default: !(resource.isOfNetwork && minor >= 50) && !(resource.isOfFiles && minor >= 57)
            }
        }
    }

    private static let updateBody: [BodySchema] = [1, 50, 57].map { minor in
        var properties: [String: JSONSchema] = [:]
        for resource in resources(minor) + [.serverGroups, .serverGroupMembers] {
            properties[resource.rawValue] = Schemas.quota
        }
        return BodySchema(
            since: .v(minor), .wrapped("quota_class_set", .object(properties: properties, additional: false)))
    }

    private static func answer(_ limits: QuotaLimits, _ id: String?, _ request: APIRequest) -> APIResponse {
        .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "quota_class_set",
                    object: { writer in
                        if let id { writer.field("id", id) }
                        for resource in resources(request.version.minor) {
                            writer.field(resource.rawValue, limits[resource])
                        }
                    })
            }
        }
    }
}
