import NovaCore
import NovaHTTP
import NovaSchema

extension ImageAPI {
    var imageOperations: [Operation] {
        [
            Operation(
                .post, "/v2/images", name: "add_image", body: [BodySchema(.anyObject)], policy: Self.member,
                success: 201, summary: "Create an image", create),
            Operation(.get, "/v2/images", name: "get_images", policy: Self.reader, summary: "List images", list),
            Operation(.get, "/v2/images/{image_id}", name: "get_image", policy: Self.reader, summary: "Show an image") {
                show(try await visibleImage($0, caller: try $0.caller))
            },
            Operation(
                .patch, "/v2/images/{image_id}", name: "modify_image", body: [BodySchema(.any)],
                contentTypes: ImagePatch.mediaTypes, policy: Self.member, summary: "Change an image", change),
            // Without an id; real clients ask so when their variable is empty.
            Operation(.delete, "/v2/images", name: "delete_image", policy: Self.member, summary: "No image") {
                throw $0.path.hasSuffix("/")
                    ? APIFault(404, "The resource could not be found.")
                    : APIFault(
                        405, "The method DELETE is not allowed for this resource.", headers: [("Allow", "GET, POST")])
            },
            Operation(
                .delete, "/v2/images/{image_id}", name: "delete_image", policy: Self.member, success: 204,
                summary: "Delete an image", delete),
            Operation(
                .put, "/v2/images/{image_id}/tags/{tag}", name: "modify_image", policy: Self.member,
                success: 204, summary: "Add a tag"
            ) { try await setTag($0, present: true) },
            Operation(
                .delete, "/v2/images/{image_id}/tags/{tag}", name: "modify_image", policy: Self.member,
                success: 204, summary: "Remove a tag"
            ) { try await setTag($0, present: false) },
            Operation(
                .post, "/v2/images/{image_id}/actions/deactivate", name: "deactivate", policy: Self.member,
                success: 204, summary: "Keep users from reading the data"
            ) {
                try await setActive($0, from: .active, to: .deactivated)
            },
            Operation(
                .post, "/v2/images/{image_id}/actions/reactivate", name: "reactivate", policy: Self.member,
                success: 204, summary: "Let users read the data again"
            ) {
                try await setActive($0, from: .deactivated, to: .active)
            },
        ]
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.caller
        guard let body = request.body.objectValue else { throw NovaError(.badRequest, "Malformed request body") }
        var image = ImageRecord()
        image.id = .random()
        image.owner = caller.projectID ?? ProjectID("")
        image.createdAt = .now()
        image.updatedAt = image.createdAt
        if let id = body["id"] {
            guard let id = id.stringValue.flatMap({ ImageID($0) }) else {
                throw NovaError(.badRequest, "Provided object does not match schema 'image': id must be a UUID")
            }
            image.id = id
        }
        var attributes = ImageAttributes(request: request, limits: limits, image: image)
        // The owner first: who may publish depends on it.
        if let owner = body["owner"] { try attributes.set("owner", owner) }
        for (name, value) in body where name != "id" && name != "owner" { try attributes.set(name, value) }
        image = attributes.image
        try await table.add(image)
        var headers = [
            ("Location", "\(request.baseURL)/v2/images/\(image.id)"),
            ("OpenStack-image-store-ids", ImageFileStore.name),
        ]
        if !imports.methods.isEmpty {
            headers.append(("OpenStack-image-import-methods", imports.methods.joined(separator: ",")))
        }
        return show(image, status: 201, headers: headers)
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        guard !request.path.hasSuffix("/") else { throw NovaError(.notFound, "The resource could not be found.") }
        let query = try ImageQuery(request)
        var images = query.limit == 0 ? [] : try await table.list(query)
        let hasMore = images.count > query.limit
        if hasMore { images.removeLast() }
        let kept = request.query.filter { $0.name != "marker" }
        return .written { json in
            json.object { json in
                json.field("images", array: { json in for image in images { ImageView.write(image, to: &json) } })
                json.field("first", Self.link(kept))
                if hasMore, let last = images.last { json.field("next", Self.link(kept + [("marker", "\(last.id)")])) }
                json.field("schema", "/v2/schemas/images")
            }
        }
    }

    private static func link(_ query: [(name: String, value: String)]) -> String {
        if query.isEmpty { return "/v2/images" }
        let pairs = query.sorted { $0.name < $1.name }.map { "\(escaped($0.name))=\(escaped($0.value))" }
        return "/v2/images?\(pairs.joined(separator: "&"))"
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default: escaped += "%" + Hex.encode([byte]).uppercased()
            }
        }
        return escaped
    }

    private func change(_ request: APIRequest) async throws -> APIResponse {
        let type = (request.header("Content-Type") ?? "").prefix { $0 != ";" }
        guard ImagePatch.mediaTypes.contains(String(type)) else {
            throw APIFault(
                415, "A change of an image is sent as one of \(ImagePatch.mediaTypes.joined(separator: ", ")).",
                headers: [("Accept-Patch", ImagePatch.mediaTypes.joined(separator: ", "))])
        }
        let patch = try ImagePatch(request.body)
        let id = try await ownImage(request).id
        let changed = try await table.change(id) { image in
            var attributes = ImageAttributes(request: request, limits: limits, image: image)
            try patch.apply(to: &attributes)
            image = attributes.image
        }
        return show(changed)
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let id = try await ownImage(request).id
        try await table.delete(id)
        // A crash here leaves a file that the next start sweeps away.
        await files.remove(id)
        return .empty(204)
    }

    private func setTag(_ request: APIRequest, present: Bool) async throws -> APIResponse {
        let id = try await ownImage(request).id
        let tag = try request.parameter("tag")
        _ = try await table.change(id) { image in
            var attributes = ImageAttributes(request: request, limits: limits, image: image)
            var tags = image.tags.filter { $0 != tag }
            if present {
                tags.append(tag)
            } else if tags.count == image.tags.count {
                throw NovaError(.notFound, "The image has no tag \(tag).")
            }
            try attributes.set("tags", JSONValue(tags))
            image = attributes.image
        }
        return .empty(204)
    }

    private func setActive(_ request: APIRequest, from: ImageStatus, to: ImageStatus) async throws -> APIResponse {
        let id = try await ownImage(request).id
        _ = try await table.change(id) { image in
            guard image.status == from || image.status == to else {
                throw NovaError(
                    .forbidden, "Not allowed to make an image \(to.rawValue) in status \(image.status.rawValue).")
            }
            image.status = to
        }
        return .empty(204)
    }
}
