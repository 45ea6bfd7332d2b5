import Logging
import NovaCore
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaSchema

/// The server actions `createImage` and `createBackup`.
struct SnapshotsResource: Sendable {
    /// What of a base image says nothing of its copies.
    private static let notInherited: Set = [
        "cache_in_nova", "bittorrent", "img_signature_hash_method", "img_signature", "img_signature_key_type",
        "img_signature_certificate_uuid", "image_type", "instance_uuid", "backup_type", "user_id", "boot_roles",
    ]

    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .post, "/servers/{id}/action", name: "os_compute_api:servers:create_image", action: "createImage",
                body: ServerSchemas.action(
                    "createImage",
                    .object(
                        properties: ["name": .name, "metadata": Schemas.metadata], required: ["name"],
                        additional: false)), policy: "rule:project_member_or_admin", success: 202,
                summary: "Makes an image of a server's disk."
            ) { try await create($0, "createImage", backup: nil) },
            Operation(
                .post, "/servers/{id}/action", name: "os_compute_api:os-create-backup", action: "createBackup",
                body: ServerSchemas.action("createBackup", Self.backup), policy: "rule:project_member_or_admin",
                success: 202, summary: "Makes an image of a server's disk, and deletes the oldest of its kind."
            ) { request in
                let body = request.body["createBackup"]
                let rotation = BackupRotation(
                    type: body?["backup_type"]?.stringValue ?? "", keep: body?["rotation"]?.lenientInteger ?? 0)
                return try await create(request, "createBackup", backup: rotation)
            },
        ]
    }

    private static let backup = JSONSchema.object(
        properties: [
            "name": .name, "backup_type": .string, "rotation": .integer(min: 0), "metadata": Schemas.metadata,
        ], required: ["name", "backup_type", "rotation"], additional: false)

    private func create(
        _ request: APIRequest, _ action: String, backup: BackupRotation?
    ) async throws -> APIResponse {
        let body = request.body[action] ?? .null
        let server = try await parts.server(request)
        guard server.imageID != nil else {
            throw NovaError(.badRequest, "Making an image of a server that was booted from a volume is not served yet.")
        }
        let image = try await image(body, server, backup, request)
        let (_, workflow) = try await parts.write(
            backup == nil ? .createImage : .createBackup, request, WorkflowKindName.snapshot
        ) { server in
            SnapshotState(server.id, image, backup: backup)
        }
        // The workflow would make the image too, but clients look for it as soon as they have its id.
        defer { parts.wakeConductor(workflow, request.context) }
        do {
            _ = try await parts.bus.call(
                AddSnapshotImage(image), to: .topic(AddSnapshotImage.topic), context: request.context)
        } catch let error as NovaError where error.isTransient {
            parts.log.warning("the image \(image.id) is made later: \(error)")
        }
        guard !request.atLeast(45) else {
            return .written(202) { writer in writer.object { $0.field("image_id", image.id.description) } }
        }
        guard backup.map({ $0.keep > 0 }) ?? true else { return .empty(202) }
        return .empty(202, headers: [("Location", Links(request).bookmark("images", image.id.description))])
    }

    /// The image to be made, with what it inherits.
    private func image(
        _ body: JSONValue, _ server: ServerRecord, _ backup: BackupRotation?, _ request: APIRequest
    ) async throws -> SnapshotImage {
        let metadata = body["metadata"]?.objectValue ?? JSONObject()
        // Nova's own quota on the properties of images, gone with 2.39.
        let limits = try await parts.database.read { try parts.quota.limits(of: server.projectID, $0) }
        guard request.atLeast(39) || limits.allows(Int64(metadata.count), of: .metadataItems) else {
            throw NovaError(.overQuota, "Image metadata limit exceeded")
        }
        var image = try await self.image(
            of: server, named: body["name"]?.stringValue ?? "", type: backup == nil ? "snapshot" : "backup", request)
        image.properties["backup_type"] = backup?.type
        for (key, value) in metadata { image.properties[key] = value.stringValue ?? "" }
        return image
    }

    /// An image of a server's disk, with what it inherits from the one that the server was made from.
    func image(
        of server: ServerRecord, named name: String, type: String, _ request: APIRequest
    ) async throws -> SnapshotImage {
        var base: ImageReference?
        if let id = server.imageID { base = try await parts.image(id, request) }
        var image = SnapshotImage()
        image.id = .random()
        image.name = name
        image.owner = try request.caller.projectID ?? server.projectID
        image.minDiskGB = max(base?.minDiskGB ?? 0, server.flavor.rootGB)
        image.minRAMMB = base?.minRAMMB ?? 0
        image.properties = (base?.properties ?? [:]).filter { !Self.notInherited.contains($0.key) }
        image.properties["image_type"] = type
        image.properties["instance_uuid"] = server.id.description
        image.properties["user_id"] = request.context.userID.text
        image.properties["owner_id"] = server.projectID.text
        image.properties["image_location"] = "snapshot"
        image.properties["image_state"] = "available"
        image.properties["base_image_ref"] = server.imageID?.description ?? ""
        image.properties["boot_roles"] = request.context.roles.joined(separator: ",")
        return image
    }
}
