import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// Who may use flavors that are not public (`spec/compute-api.md`, `os-flavor-access`).
struct FlavorAccessResource: Sendable {
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, "/flavors/{id}/os-flavor-access", name: "os_compute_api:os-flavor-access", query: Queries.none,
                policy: Rules.admin, summary: "Lists the projects that may use a flavor."
            ) { request in
                let flavor = try await parts.flavor(request)
                guard !flavor.isPublic else {
                    throw NovaError(.notFound, "Access list not available for public flavors.")
                }
                return try await answer(flavor)
            },
            Operation(
                .post, "/flavors/{id}/action", name: "os_compute_api:os-flavor-access:add_tenant_access",
                action: "addTenantAccess", body: Self.body("addTenantAccess"), policy: Rules.admin,
                summary: "Lets a project use a flavor.", add),
            Operation(
                .post, "/flavors/{id}/action", name: "os_compute_api:os-flavor-access:remove_tenant_access",
                action: "removeTenantAccess", body: Self.body("removeTenantAccess"), policy: Rules.admin,
                summary: "Takes a flavor away from a project.", remove),
        ]
    }

    private static func body(_ action: String) -> [BodySchema] {
        ServerSchemas.action(
            action,
            .object(properties: ["tenant": .string(min: 1, max: 255)], required: ["tenant"], additional: false))
    }

    private func answer(_ flavor: Flavor) async throws -> APIResponse {
        let projects = try await parts.database.read { try FlavorTable($0).projects(of: flavor.id) }
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "flavor_access",
                    array: { writer in
                        for project in projects {
                            writer.object { writer in
                                writer.field("flavor_id", flavor.id)
                                writer.field("tenant_id", project.text)
                            }
                        }
                    })
            }
        }
    }

    private func project(_ request: APIRequest, _ action: String) throws -> ProjectID {
        let text = request.body[action]?["tenant"]?.stringValue ?? ""
        guard let project = ProjectID(validating: text) else {
            throw NovaError(.badRequest, "Project ID \(text) is not a valid project.")
        }
        return project
    }

    private func add(_ request: APIRequest) async throws -> APIResponse {
        let project = try project(request, "addTenantAccess")
        let flavor = try await parts.flavor(request)
        guard !flavor.isPublic || !request.atLeast(7) else {
            throw NovaError(.conflict, "Can not add access to a public flavor.")
        }
        guard try await parts.database.write({ try FlavorTable($0).grant(flavor.id, to: project) }) else {
            throw NovaError(
                .conflict,
                "Flavor access already exists for flavor \(flavor.id) and project \(project) combination.")
        }
        return try await answer(flavor)
    }

    private func remove(_ request: APIRequest) async throws -> APIResponse {
        let project = try project(request, "removeTenantAccess")
        let flavor = try await parts.flavor(request)
        guard try await parts.database.write({ try FlavorTable($0).revoke(flavor.id, from: project) }) else {
            throw NovaError(
                .notFound, "Flavor access not found for \(flavor.id) / \(project) combination.")
        }
        return try await answer(flavor)
    }
}
