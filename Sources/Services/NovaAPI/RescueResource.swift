import NovaCore
import NovaHTTP
import NovaModel
import NovaSchema

/// The server actions `rescue` and `unrescue`.
struct RescueResource: Sendable {
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .post, "/servers/{id}/action", name: "os_compute_api:os-rescue", action: "rescue",
                body: ServerSchemas.action("rescue", Self.body), policy: "rule:project_member_or_admin",
                summary: "Restarts a server from a rescue image.", rescue),
            Operation(
                .post, "/servers/{id}/action", name: "os_compute_api:os-unrescue", action: "unrescue",
                body: ServerSchemas.action("unrescue", .any), policy: "rule:project_member_or_admin", success: 202,
                summary: "Restarts a rescued server from its own disk."
            ) { request in
                _ = try await parts.accept(.unrescue, request, WorkflowKindName.unrescue) { RescueState($0.id) }
                return .empty(202)
            },
        ]
    }

    private static let body = JSONSchema.nullable(
        .object(
            properties: ["adminPass": .string(min: 0, max: 255), "rescue_image_ref": .uuid], additional: false))

    private func rescue(_ request: APIRequest) async throws -> APIResponse {
        let body = request.body["rescue"] ?? .null
        let server = try await parts.server(request)
        let image = try await image(body["rescue_image_ref"]?.stringValue, server, request)
        _ = try await parts.accept(.rescue, request, WorkflowKindName.rescue) { server in
            RescueState(server.id, image: image, wasRunning: server.vmState == .active)
        }
        let password = body["adminPass"]?.stringValue ?? AdminPassword.random()
        return .written(200) { writer in writer.object { $0.field("adminPass", password) } }
    }

    /// The image that the caller names, else the server's own.
    private func image(_ text: String?, _ server: ServerRecord, _ request: APIRequest) async throws -> ImageReference {
        guard let id = text.map({ ImageID($0) }) ?? server.imageID else {
            throw NovaError(
                .badRequest, "Instance \(server.id) cannot be rescued: Cannot rescue a volume-backed instance")
        }
        guard let image = try await parts.image(id, request), image.status == "active" else {
            throw NovaError(.badRequest, "Requested rescue image '\(id)' is not supported")
        }
        _ = try RescueDevice(image.properties)
        return image
    }
}
