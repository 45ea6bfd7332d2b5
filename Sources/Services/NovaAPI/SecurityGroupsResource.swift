import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/os-security-groups` and its rules before 2.36, and the groups of servers (`spec/compute-api.md`).
///
/// They are kept and shown; what enforces them comes with the network service's own.
struct SecurityGroupsResource: Sendable {
    private static let path = "/os-security-groups"
    private static let name = "os_compute_api:os-security-groups:"
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, Self.path, name: Self.name + "get", until: .v(35),
                query: Queries.of(["limit": Schemas.limit, "offset": Schemas.limit, "all_tenants": .string]),
                policy: Rules.reader, summary: "Lists security groups.", list),
            Operation(
                .post, Self.path, name: Self.name + "create", until: .v(35), body: Self.groupBody,
                policy: Rules.member, summary: "Makes a security group.", create),
            Operation(
                .get, Self.path + "/{id}", name: Self.name + "show", until: .v(35), policy: Rules.reader,
                summary: "Shows a security group."
            ) { request in
                let group = try await find(request, try request.parameter("id"))
                let all = try await groups(of: group.projectID)
                return SecurityGroupView(all).answer(group)
            },
            Operation(
                .put, Self.path + "/{id}", name: Self.name + "update", until: .v(35), body: Self.groupBody,
                policy: Rules.member, summary: "Changes a security group's name and description.", update),
            Operation(
                .delete, Self.path + "/{id}", name: Self.name + "delete", until: .v(35), policy: Rules.member,
                success: 202, summary: "Removes a security group.", delete),
            Operation(
                .post, "/os-security-group-rules", name: Self.name + "rule:create", until: .v(35),
                body: [BodySchema(.wrapped("security_group_rule", .anyObject))], policy: Rules.member,
                summary: "Adds a rule to a security group.", createRule),
            Operation(
                .delete, "/os-security-group-rules/{id}", name: Self.name + "rule:delete", until: .v(35),
                policy: Rules.member, success: 202, summary: "Removes a rule of a security group.", deleteRule),
            Operation(
                .get, "/servers/{id}/os-security-groups", name: Self.name + "list", query: Queries.none,
                policy: Rules.reader, summary: "Lists a server's security groups."
            ) { request in
                let server = try await parts.server(request)
                let all = try await groups(of: server.projectID)
                return SecurityGroupView(all).answer(all.filter { server.securityGroups.contains($0.name) })
            },
            action("addSecurityGroup", "add", "Puts a server into a security group.") { server, group in
                if !server.securityGroups.contains(group.name) { server.securityGroups.append(group.name) }
            },
            action("removeSecurityGroup", "remove", "Takes a server out of a security group.") { server, group in
                guard let index = server.securityGroups.firstIndex(of: group.name) else {
                    throw NovaError(
                        .notFound,
                        "Security group \(group.name) is not associated with the instance \(server.id)")
                }
                server.securityGroups.remove(at: index)
            },
        ]
    }

    private static let groupBody = [
        BodySchema(
            .wrapped(
                "security_group",
                .object(
                    properties: ["name": .string(min: 0, max: 255), "description": .string(min: 0, max: 255)],
                    required: ["name", "description"], additional: true)))
    ]

    // MARK: Looking

    /// A project's groups, with the default one that each has.
    private func groups(of project: ProjectID) async throws -> [SecurityGroup] {
        let known = try await parts.database.read { try SecurityGroupTable($0).list(of: project) }
        guard !known.contains(where: { $0.name == SecurityGroup.defaultName }) else { return known }
        return try await parts.database.write { connection in
            let table = SecurityGroupTable(connection)
            try table.ensureDefault(of: project)
            return try table.list(of: project)
        }
    }

    private func find(_ request: APIRequest, _ text: String) async throws -> SecurityGroup {
        guard let id = SecurityGroupID(text) else {
            throw NovaError(.badRequest, "Security group id should be uuid", details: text)
        }
        let caller = try request.caller
        guard let group = try await parts.database.read({ try SecurityGroupTable($0).find(id) }),
            caller.isAdmin || group.projectID == caller.projectID
        else { throw NovaError(.notFound, "Security group \(text) not found.") }
        return group
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.caller
        let wantsAll = caller.isAdmin && request.query("all_tenants") != nil
        let own = try await groups(of: try request.project)
        let all = wantsAll ? try await parts.database.read { try SecurityGroupTable($0).list(of: nil) } : own
        let offset = request.query("offset").flatMap { Int($0) } ?? 0
        let limit = request.query("limit").flatMap { Int($0) } ?? Int(parts.maxLimit)
        return SecurityGroupView(all).answer(Array(all.dropFirst(offset).prefix(limit)))
    }

    // MARK: Changing

    private func names(_ request: APIRequest) -> (String, String) {
        let body = request.body["security_group"] ?? .null
        return (body["name"]?.stringValue ?? "", body["description"]?.stringValue ?? "")
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let (name, text) = names(request)
        var group = SecurityGroup()
        group.id = .random()
        group.projectID = try request.project
        group.name = name
        group.text = text
        group.createdAt = .now()
        _ = try await groups(of: group.projectID)
        guard !name.isEmpty else { throw NovaError(.badRequest, "Security group name cannot be empty") }
        guard name != SecurityGroup.defaultName else {
            throw NovaError(.badRequest, "Default security group already exists.")
        }
        let quota = parts.quota
        try await parts.database.write { [group] connection in
            let table = SecurityGroupTable(connection)
            let limits = try quota.limits(of: group.projectID, connection)
            guard limits.allows(Int64(try table.list(of: group.projectID).count) + 1, of: .securityGroups) else {
                throw NovaError(.overQuota, "Quota exceeded, too many security groups.")
            }
            try table.insert(group)
        }
        return SecurityGroupView([]).answer(group)
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let group = try await find(request, try request.parameter("id"))
        let (name, text) = names(request)
        guard group.name != SecurityGroup.defaultName else {
            throw NovaError(.badRequest, "Unable to update system group 'default'")
        }
        let changed = try await parts.database.write { connection in
            let table = SecurityGroupTable(connection)
            guard var group = try table.find(group.id) else {
                throw NovaError(.notFound, "Security group \(group.id) not found.")
            }
            group.name = name
            group.text = text
            try table.update(group)
            return group
        }
        return SecurityGroupView(try await groups(of: group.projectID)).answer(changed)
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let group = try await find(request, try request.parameter("id"))
        guard group.name != SecurityGroup.defaultName else {
            throw NovaError(.badRequest, "Unable to delete system group 'default'")
        }
        try await parts.database.write { connection in
            var filter = ServerFilter()
            filter.project = group.projectID
            filter.limit = 1
            filter.conditions = [{ $0.securityGroups.contains(group.name) }]
            guard try ServerTable(connection).list(filter).isEmpty else {
                throw NovaError(.badRequest, "Security Group \(group.id) in use.")
            }
            let table = SecurityGroupTable(connection)
            _ = try table.delete(group.id)
            // Rules that let its servers in let nobody in now.
            for var other in try table.list(of: group.projectID) {
                let count = other.rules.count
                other.rules.removeAll { $0.groupID == group.id }
                if other.rules.count < count { try table.update(other) }
            }
        }
        return .empty(202)
    }

    private func createRule(_ request: APIRequest) async throws -> APIResponse {
        let body = request.body["security_group_rule"] ?? .null
        let group = try await find(request, body["parent_group_id"]?.stringValue ?? "")
        var rule = try SecurityGroupRules.parse(body)
        rule.id = .random()
        if let other = rule.groupID { _ = try await find(request, other.description) }
        let made = rule
        try await parts.database.write { connection in
            let table = SecurityGroupTable(connection)
            guard var group = try table.find(group.id) else {
                throw NovaError(.notFound, "Security group \(group.id) not found.")
            }
            guard !group.rules.contains(where: { SecurityGroupRules.isSame($0, made) }) else {
                throw NovaError(.badRequest, "This rule already exists in group \(group.id)")
            }
            group.rules.append(made)
            try table.update(group)
        }
        return SecurityGroupView(try await groups(of: group.projectID)).answer(made, of: group)
    }

    private func deleteRule(_ request: APIRequest) async throws -> APIResponse {
        let text = try request.parameter("id")
        guard let id = SecurityGroupID(text) else {
            throw NovaError(.badRequest, "Security group rule id should be uuid")
        }
        let caller = try request.caller
        let project = caller.isAdmin ? nil : caller.projectID
        try await parts.database.write { connection in
            let table = SecurityGroupTable(connection)
            guard var group = try table.owner(ofRule: id, in: project) else {
                throw NovaError(.notFound, "Rule (\(text)) not found")
            }
            group.rules.removeAll { $0.id == id }
            try table.update(group)
        }
        return .empty(202)
    }

    // MARK: Servers

    private func action(
        _ action: String, _ rule: String, _ summary: String,
        _ change: @escaping @Sendable (inout ServerRecord, SecurityGroup) throws -> Void
    ) -> Operation {
        Operation(
            .post, "/servers/{id}/action", name: Self.name + rule, action: action,
            body: ServerSchemas.action(
                action, .object(properties: ["name": .string(min: 1)], required: ["name"], additional: false)),
            policy: Rules.member, success: 202, summary: summary
        ) { request in
            let wanted = request.body[action]?["name"]?.stringValue ?? ""
            guard wanted.contains(where: { $0 != " " }) else {
                throw NovaError(.badRequest, "Security group name cannot be empty")
            }
            let server = try await parts.server(request)
            let found = try await groups(of: server.projectID).filter {
                $0.name == wanted || $0.id.description == wanted
            }
            guard let group = found.first else {
                throw NovaError(.notFound, "Security group \(wanted) not found for project \(server.projectID).")
            }
            guard found.count == 1 else {
                throw NovaError(
                    .conflict, "Multiple security groups found matching '\(wanted)'. Use an ID to be more specific.")
            }
            try await parts.database.write { connection in
                _ = try ServerTable(connection).change(server.id) { try change(&$0, group) }
            }
            return .empty(202)
        }
    }
}
