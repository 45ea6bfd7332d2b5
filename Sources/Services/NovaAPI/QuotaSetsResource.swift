import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/os-quota-sets` (`spec/compute-api.md`).
struct QuotaSetsResource: Sendable {
    private static let path = "/os-quota-sets/{id}"
    private static let name = "os_compute_api:os-quota-sets:"
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, Self.path, name: Self.name + "show", query: Self.query, policy: Rules.reader,
                summary: "Shows a project's quotas."
            ) { request in
                let (project, user) = try scope(request)
                let limits = try await parts.database.read { [quota = parts.quota] in
                    try quota.limits(of: project, user: user, $0)
                }
                return Self.answer(limits, project.text, request)
            },
            Operation(
                .get, Self.path + "/detail", name: Self.name + "detail", query: Self.query, policy: Rules.reader,
                summary: "Shows a project's quotas and what is used of them.", detail),
            Operation(
                .get, Self.path + "/defaults", name: Self.name + "defaults", policy: Rules.anyone,
                summary: "Shows the quotas of projects for which none are set."
            ) { request in
                let limits = try await parts.database.read { [quota = parts.quota] in
                    try quota.limits(ofClass: Quota.defaultClass, $0)
                }
                return Self.answer(limits, try request.parameter("id"), request)
            },
            Operation(
                .put, Self.path, name: Self.name + "update", body: Self.updateBody, query: Self.query,
                policy: Rules.admin, summary: "Sets quotas of a project or of a user in it.", update),
            Operation(
                .delete, Self.path, name: Self.name + "delete", query: Self.query, policy: Rules.admin, success: 202,
                summary: "Forgets the quotas that were set for a project or user."
            ) { request in
                let (project, user) = try scope(request)
                try await parts.database.write { connection in
                    try QuotaTable(connection).clear(user.map { .user($0, in: project) } ?? .project(project))
                }
                return .empty(202)
            },
        ]
    }

    private static let query = Queries.of(["user_id": .string])
    private static let updateBody: [BodySchema] = [1, 36, 57].map { minor in
        let names = QuotaResource.ofQuotaSets(minor).map(\.rawValue)
        var properties = Dictionary(uniqueKeysWithValues: names.map { ($0, Schemas.quota) })
        properties["force"] = .boolean
        return BodySchema(since: .v(minor), .wrapped("quota_set", .object(properties: properties, additional: false)))
    }

    /// Whose quotas are meant: users may look at those of their own project.
    private func scope(_ request: APIRequest) throws -> (ProjectID, UserID?) {
        let text = try request.parameter("id")
        guard let project = ProjectID(validating: text) else {
            throw NovaError(.badRequest, "Project ID \(text) is not a valid project.")
        }
        try request.authorize(target: ["project_id": project.text])
        return (project, request.query("user_id").map { UserID($0) })
    }

    private static func answer(_ limits: QuotaLimits, _ id: String?, _ request: APIRequest) -> APIResponse {
        .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "quota_set",
                    object: { writer in
                        if let id { writer.field("id", id) }
                        for resource in QuotaResource.ofQuotaSets(request.version.minor) {
                            writer.field(resource.rawValue, limits[resource])
                        }
                    })
            }
        }
    }

    private func detail(_ request: APIRequest) async throws -> APIResponse {
        let (project, user) = try scope(request)
        let (limits, used) = try await parts.database.read { [quota = parts.quota] connection in
            (
                try quota.limits(of: project, user: user, connection),
                try QuotaUsage.count(of: project, user: user, connection)
            )
        }
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "quota_set",
                    object: { writer in
                        writer.field("id", project.text)
                        for resource in QuotaResource.ofQuotaSets(request.version.minor) {
                            writer.field(
                                resource.rawValue,
                                object: { writer in
                                    writer.field("limit", limits[resource])
                                    writer.field("in_use", used[resource] ?? 0)
                                    writer.field("reserved", 0)
                                })
                        }
                    })
            }
        }
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let (project, user) = try scope(request)
        let body = request.body["quota_set"]?.objectValue ?? JSONObject()
        let isForced = body["force"]?.lenientBool ?? false
        let wanted = try QuotaUsage.limits(body)
        let limits = try await parts.database.write { [quota = parts.quota] connection in
            if let user { try Self.checkUser(user, project, wanted, quota, connection) }
            if !isForced {
                let used = try QuotaUsage.count(of: project, user: user, connection)
                for (name, limit) in wanted.sorted(by: { $0.key < $1.key }) where limit >= 0 {
                    let inUse = QuotaResource(rawValue: name).flatMap { used[$0] } ?? 0
                    guard limit >= inUse else {
                        throw NovaError(
                            .badRequest,
                            "Quota limit \(limit) for \(name) must be greater than or equal to already used and "
                                + "reserved \(inUse).")
                    }
                }
            }
            try QuotaTable(connection).set(wanted, of: user.map { .user($0, in: project) } ?? .project(project))
            return try quota.limits(of: project, user: user, connection)
        }
        return Self.answer(limits, nil, request)
    }

    /// A user's limit is at most the project's.
    private static func checkUser(
        _ user: UserID, _ project: ProjectID, _ wanted: [String: Int64], _ quota: Quota, _ connection: Connection
    ) throws {
        let maximum = try quota.limits(of: project, connection)
        for (name, limit) in wanted.sorted(by: { $0.key < $1.key }) {
            guard let resource = QuotaResource(rawValue: name), maximum[resource] >= 0 else { continue }
            guard limit >= 0, limit <= maximum[resource] else {
                throw NovaError(
                    .badRequest, "Quota limit \(limit) for \(name) must be less than or equal to \(maximum[resource]).")
            }
        }
    }
}
