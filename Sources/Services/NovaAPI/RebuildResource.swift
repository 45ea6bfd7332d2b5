import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// The server action `rebuild`.
struct RebuildResource: Sendable {
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .post, "/servers/{id}/action", name: "os_compute_api:servers:rebuild", action: "rebuild",
                body: Self.schemas, policy: "rule:project_member_or_admin", success: 202,
                summary: "Makes a server anew from an image.", rebuild)
        ]
    }

    private static let schemas: [BodySchema] = {
        var rebuild: [String: JSONSchema] = [
            "name": .name, "imageRef": .uuid, "adminPass": .string(min: 0, max: 255),
            "metadata": Schemas.metadata,
            "preserve_ephemeral": .boolean, "OS-DCF:diskConfig": .enumeration(["AUTO", "MANUAL"]),
            "accessIPv4": Schemas.ipv4, "accessIPv6": Schemas.ipv6, "personality": .array(.any),
        ]
        var schemas: [BodySchema] = []
        func since(_ minor: Int, _ change: () -> Void) {
            change()
            let body = JSONSchema.object(properties: rebuild, required: ["imageRef"], additional: false)
            schemas.append(
                BodySchema(
                    since: Microversion(2, minor), .object(properties: ["rebuild": body], required: ["rebuild"])))
        }
        since(1) {}
        since(19) { rebuild["description"] = Schemas.serverDescription }
        since(54) { rebuild["key_name"] = .nullable(.string(min: 1, max: 255)) }
        since(57) {
            rebuild["personality"] = nil
            rebuild["user_data"] = .nullable(.string(min: 0, max: 65535, .base64))
        }
        since(63) {
            rebuild["trusted_image_certificates"] = .nullable(.array(.string(min: 1), min: 1, max: 50, unique: true))
        }
        since(90) { rebuild["hostname"] = Schemas.shortHostname }
        since(94) { rebuild["hostname"] = Schemas.hostname }
        return schemas
    }()

    private func rebuild(_ request: APIRequest) async throws -> APIResponse {
        let body = request.body["rebuild"] ?? .null
        let server = try await parts.server(request)
        let change = try await change(body, server, request)
        let image = try await image(body, server, request)
        let changed = try await parts.accept(.rebuild, request, WorkflowKindName.rebuild) {
            (server: inout ServerRecord) -> RebuildState in
            var state = RebuildState(server.id, image: image)
            state.formerImageID = server.imageID
            state.wasStopped = server.vmState == .stopped
            server.imageID = image.id
            server.imageProperties = ServerImageProperties(image.properties)
            server.progress = 0
            change(&server)
            return state
        }
        let password = body["adminPass"]?.stringValue ?? AdminPassword.random()
        return try await parts.withFacts(request) {
            try RebuildView(request: request, facts: $1).answer(changed, password: password)
        }
    }

    private func image(_ body: JSONValue, _ server: ServerRecord, _ request: APIRequest) async throws -> ImageReference
    {
        guard server.imageID != nil else {
            throw NovaError(.badRequest, "Rebuilding a server that was booted from a volume is not served yet.")
        }
        let text = body["imageRef"]?.stringValue ?? ""
        guard let id = ImageID(text), let image = try await parts.image(id, request) else {
            throw NovaError(.badRequest, "Image \(text) could not be found.")
        }
        try ServerCreation(parts: parts).checkImage(image, server.flavor)
        _ = try HardwareRules.decide(server.flavor, image: image.properties)
        return image
    }

    /// What the request says of the row, checked.
    private func change(
        _ body: JSONValue, _ server: ServerRecord, _ request: APIRequest
    ) async throws -> @Sendable (inout ServerRecord) -> Void {
        guard body["trusted_image_certificates"]?.arrayValue == nil else {
            throw NovaError(.badRequest, "This cloud does not verify the signatures of images.")
        }
        guard body["preserve_ephemeral"]?.lenientBool != true else {
            throw NovaError(.badRequest, "The hypervisor of the server's host does not preserve ephemeral disks.")
        }
        var metadata: [String: String]?
        if let pairs = body["metadata"]?.objectValue {
            metadata = Dictionary(pairs.map { ($0.key, $0.value.stringValue ?? "") }) { $1 }
            let limits = try await parts.database.read { try parts.quota.limits(of: server.projectID, $0) }
            guard limits.allows(Int64(metadata?.count ?? 0), of: .metadataItems) else {
                throw NovaError(.overQuota, "Maximum number of metadata items exceeds \(limits[.metadataItems])")
            }
        }
        var keyPair: KeyPair?
        if let name = body["key_name"]?.stringValue {
            keyPair = try await parts.database.read { try KeyPairTable($0).find(name, of: server.userID) }
            guard keyPair != nil else { throw NovaError(.badRequest, "Invalid key_name provided.") }
        }
        return { [metadata, keyPair] server in
            if let name = body["name"]?.stringValue { server.name = name }
            if let text = body["description"] { server.text = text.stringValue }
            if let hostname = body["hostname"]?.stringValue { server.hostname = hostname }
            if let metadata { server.metadata = metadata }
            if let address = body["accessIPv4"]?.stringValue { server.accessIPv4 = address }
            if let address = body["accessIPv6"]?.stringValue { server.accessIPv6 = address }
            if let word = body["OS-DCF:diskConfig"]?.stringValue { server.hasAutoDiskConfig = word == "AUTO" }
            if body["key_name"] != nil {
                server.keyName = keyPair?.name
                server.keyData = keyPair?.publicKey
            }
            if let data = body["user_data"] { server.userData = data.stringValue }
        }
    }
}
