import NovaCore
import NovaHTTP
import NovaModel
import NovaSchema
import PlacementStore

// What servers and projects use.
extension PlacementAPI {
    var consumerOperations: [Operation] {
        [
            Self.show("/allocations/{consumer}", "allocations:show", "Shows what a server uses.", allocation),
            Self.show("/usages", "usages:show", since: Microversion(1, 9), "Shows what a project uses.", usages),
        ]
    }

    @Sendable
    private func allocation(_ request: APIRequest) async throws -> APIResponse {
        let text = request.parameters["consumer"] ?? ""
        guard let server = ServerID(text) else { return Self.body(request, ["allocations": [:]]) }
        let found = try await placement.allocations(of: server)
        var providers = JSONObject()
        for allocation in found.allocations {
            let key = allocation.providerID.description
            var provider = providers[key]?.objectValue ?? JSONObject()
            var resources = provider["resources"]?.objectValue ?? JSONObject()
            resources[allocation.resourceClass] = .integer(allocation.used)
            provider["resources"] = .object(resources)
            provider["generation"] = .integer(found.generations[allocation.providerID] ?? 0)
            providers[key] = .object(provider)
        }
        var body: JSONObject = ["allocations": .object(providers)]
        if let owner = found.consumer, !found.allocations.isEmpty {
            if request.version >= Microversion(1, 12) {
                body["project_id"] = .string(owner.projectID.text)
                body["user_id"] = .string(owner.userID.text)
            }
            if request.version >= Microversion(1, 28) { body["consumer_generation"] = .integer(owner.generation) }
            if request.version >= Microversion(1, 38) { body["consumer_type"] = "INSTANCE" }
        }
        return Self.body(request, .object(body))
    }

    @Sendable
    private func usages(_ request: APIRequest) async throws -> APIResponse {
        let first = Microversion(1, 9)
        try Self.checkQuery(request, ["project_id": first, "user_id": first, "consumer_type": Microversion(1, 38)])
        guard let project = request.query("project_id"), !project.isEmpty else {
            throw NovaError(.badRequest, "Invalid query string parameters: 'project_id' is a required property")
        }
        let found = try await placement.usages(
            project: ProjectID(project), user: request.query("user_id").map { UserID($0) })
        var used = JSONObject()
        for resource in found.used { used[resource.resourceClass] = .integer(resource.amount) }
        guard request.version >= Microversion(1, 38) else { return Self.body(request, ["usages": .object(used)]) }
        // Every consumer is a server.
        let type = request.query("consumer_type") ?? "INSTANCE"
        guard found.consumers > 0, type == "INSTANCE" || type == "all" else {
            return Self.body(request, ["usages": [:]])
        }
        used["consumer_count"] = .integer(found.consumers)
        return Self.body(request, ["usages": .object(JSONObject([(type, .object(used))]))])
    }
}
