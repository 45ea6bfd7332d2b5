import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/os-server-groups` (`spec/compute-api.md`).
struct ServerGroupsResource: Sendable {
    private static let path = "/os-server-groups"
    private static let name = "os_compute_api:os-server-groups:"
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, Self.path, name: Self.name + "index",
                query: Queries.of(["all_projects": .string, "limit": Schemas.limit, "offset": Schemas.limit]),
                policy: Rules.reader, summary: "Lists server groups.", list),
            Operation(
                .post, Self.path, name: Self.name + "create", body: Self.createBody, policy: Rules.member,
                summary: "Makes a server group.", create),
            Operation(
                .get, Self.path + "/{id}", name: Self.name + "show", query: Queries.none, policy: Rules.reader,
                summary: "Shows a server group."
            ) { request in
                let group = try await find(request)
                let members = try await parts.database.read { try ServerGroupTable($0).members(of: group.id) }
                return Self.answer(group, members, request)
            },
            Operation(
                .delete, Self.path + "/{id}", name: Self.name + "delete", policy: Rules.member, success: 204,
                summary: "Removes a server group; its servers stay."
            ) { request in
                let group = try await find(request)
                guard try await parts.database.write({ try ServerGroupTable($0).delete(group.id) }) else {
                    throw Self.missing(group.id.description)
                }
                return .empty(204)
            },
        ]
    }

    private static let createBody: [BodySchema] = {
        let hard: [JSONValue] = ["anti-affinity", "affinity"]
        let all = hard + ["soft-anti-affinity", "soft-affinity"]
        func list(_ policies: [JSONValue]) -> JSONSchema {
            .wrapped(
                "server_group",
                .object(
                    properties: [
                        "name": .name,
                        "policies": .array(.enumeration(policies), min: 1, max: 1, unique: true),
                    ], required: ["name", "policies"], additional: false))
        }
        let since64 = JSONSchema.wrapped(
            "server_group",
            .object(
                properties: [
                    "name": .name, "policy": .enumeration(all),
                    "rules": .object(properties: ["max_server_per_host": .integer(min: 1)], additional: false),
                ], required: ["name", "policy"], additional: false))
        return [
            BodySchema(since: .v(1), list(hard)), BodySchema(since: .v(15), list(all)),
            BodySchema(since: .v(64), since64),
        ]
    }()

    private static func missing(_ id: String) -> NovaError {
        NovaError(.notFound, "Instance group \(id) could not be found.")
    }

    /// A group that the caller may see.
    private func find(_ request: APIRequest) async throws -> ServerGroup {
        let text = try request.parameter("id")
        let caller = try request.caller
        guard let id = ServerGroupID(text),
            let group = try await parts.database.read({ try ServerGroupTable($0).find(id) }),
            caller.isAdmin || group.projectID == caller.projectID
        else { throw Self.missing(text) }
        return group
    }

    // MARK: Answers

    private static func answer(
        _ group: ServerGroup, _ members: [ServerGroupTable.Member], _ request: APIRequest
    ) -> APIResponse {
        .written(200) { writer in
            writer.object { writer in
                writer.key("server_group")
                write(group, members, request, to: &writer)
            }
        }
    }

    private static func write(
        _ group: ServerGroup, _ members: [ServerGroupTable.Member], _ request: APIRequest, to writer: inout JSONWriter
    ) {
        writer.object { writer in
            writer.field("id", group.id.description)
            writer.field("name", group.name)
            if request.atLeast(64) {
                writer.field("policy", group.policy.rawValue)
                writer.field(
                    "rules",
                    object: { writer in
                        if let most = group.maxServersPerHost { writer.field("max_server_per_host", most) }
                    })
            } else {
                // Clients of old versions do not know the soft policies.
                let isKnown = request.atLeast(15) || group.policy == .affinity || group.policy == .antiAffinity
                writer.field("policies", isKnown ? [group.policy.rawValue] : [])
                writer.field("metadata", object: { _ in })
            }
            writer.field("members", members.map(\.id.description))
            if request.atLeast(13) {
                writer.field("project_id", group.projectID.text)
                writer.field("user_id", group.userID.text)
            }
        }
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.caller
        // Any value means yes, as the original takes it.
        let wantsAll = request.query("all_projects") != nil && caller.isAdmin
        let project = wantsAll ? nil : try request.project
        let paging = try Paging(request, maximum: parts.maxLimit)
        let offset = request.query("offset").flatMap { Int($0) } ?? 0
        let page = try await parts.database.read { connection in
            let table = ServerGroupTable(connection)
            let groups = try table.list(of: project).dropFirst(offset).prefix(Int(paging.limit))
            return try groups.map { ($0, try table.members(of: $0.id)) }
        }
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "server_groups",
                    array: { writer in
                        for (group, members) in page { Self.write(group, members, request, to: &writer) }
                    })
            }
        }
    }

    // MARK: Changes

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let body = request.body["server_group"] ?? .null
        let word = body["policy"]?.stringValue ?? body["policies"]?[0]?.stringValue ?? ""
        guard let policy = ServerGroup.Policy(rawValue: word) else {
            throw NovaError(.badRequest, "Invalid policy \(word)")
        }
        var group = ServerGroup()
        group.id = .random()
        group.projectID = try request.project
        group.userID = try request.caller.userID
        group.name = body["name"]?.stringValue ?? ""
        group.policy = policy
        group.createdAt = .now()
        if let rules = body["rules"]?.objectValue, !rules.isEmpty {
            guard policy == .antiAffinity else {
                throw NovaError(.badRequest, "Only anti-affinity policy supports rules.")
            }
            group.maxServersPerHost = rules["max_server_per_host"]?.lenientInteger
        }
        let quota = parts.quota
        try await parts.database.write { [group] connection in
            let table = ServerGroupTable(connection)
            // First, so that two processes count one after the other.
            try table.insert(group)
            let limits = try quota.limits(of: group.projectID, user: group.userID, connection)
            guard limits.allows(try table.count(of: group.projectID), of: .serverGroups) else {
                throw NovaError(.overQuota, "Quota exceeded, too many server groups.")
            }
        }
        return Self.answer(group, [], request)
    }
}
