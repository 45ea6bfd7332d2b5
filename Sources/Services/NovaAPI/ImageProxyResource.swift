import NovaCore
import NovaDatabase
import NovaHTTP
import NovaSchema

/// `/images` before 2.36 and their metadata before 2.39: a proxy of the image service (`spec/compute-api.md`).
struct ImageProxyResource: Sendable {
    private static let path = "/images"
    private static let metadata = "/images/{id}/metadata"
    private static let item = "/images/{id}/metadata/{key}"
    private static let patchType = "application/openstack-images-v2.1-json-patch"
    let parts: APIParts

    var operations: [Operation] { images + metadataOperations }

    private var images: [Operation] {
        [
            Operation(
                .get, Self.path, name: "os_compute_api:images:index", until: .v(35), query: Self.query,
                policy: Rules.anyone, summary: "Lists images."
            ) { try await list($0, isFull: false) },
            Operation(
                .get, Self.path + "/detail", name: "os_compute_api:images:detail", until: .v(35), query: Self.query,
                policy: Rules.anyone, summary: "Lists images with details."
            ) { try await list($0, isFull: true) },
            Operation(
                .get, Self.path + "/{id}", name: "os_compute_api:images:show", until: .v(35), policy: Rules.anyone,
                summary: "Shows an image."
            ) { request in
                let image = try await find(request)
                return .written(200) { writer in
                    writer.object { writer in
                        writer.key("image")
                        image.full(request, to: &writer)
                    }
                }
            },
            Operation(
                .delete, Self.path + "/{id}", name: "os_compute_api:images:delete", until: .v(35),
                policy: Rules.anyone, success: 204, summary: "Deletes an image."
            ) { request in
                _ = try await parts.images.send("DELETE", "/v2/images/\(try id(request))", request)
                return .empty(204)
            },
        ]
    }

    private var metadataOperations: [Operation] {
        [
            operation(.get, Self.metadata, "index", "Lists an image's metadata.") { request in
                Self.answer(try await find(request).properties)
            },
            operation(.post, Self.metadata, "create", "Adds metadata to an image.", Self.allBody) { request in
                let items = Self.items(request.body["metadata"])
                return Self.answer(try await change(request) { $0.merging(items) { $1 } })
            },
            operation(.put, Self.metadata, "update_all", "Replaces an image's metadata.", Self.allBody) { request in
                let items = Self.items(request.body["metadata"])
                return Self.answer(try await change(request) { _ in items })
            },
            operation(.get, Self.item, "show", "Shows one item of an image's metadata.") { request in
                let key = try request.parameter("key")
                guard let value = try await find(request).properties[key] else { throw Self.missing }
                return Self.answer([key: value], as: "meta")
            },
            operation(.put, Self.item, "update", "Sets one item of an image's metadata.", Self.oneBody) { request in
                let key = try request.parameter("key")
                guard let value = Self.items(request.body["meta"])[key] else {
                    throw NovaError(.badRequest, "Request body and URI mismatch")
                }
                _ = try await change(request) { $0.merging([key: value]) { $1 } }
                return Self.answer([key: value], as: "meta")
            },
            operation(.delete, Self.item, "delete", "Removes one item of an image's metadata.", success: 204) {
                request in
                let key = try request.parameter("key")
                guard try await find(request).properties[key] != nil else { throw Self.missing }
                _ = try await change(request) { properties in properties.filter { $0.key != key } }
                return .empty(204)
            },
        ]
    }

    private func operation(
        _ verb: HTTPVerb, _ path: String, _ name: String, _ summary: String, _ body: [BodySchema] = [],
        success: Int = 200, _ handler: @escaping Operation.Handler
    ) -> Operation {
        Operation(
            verb, path, name: "os_compute_api:image-metadata:\(name)", until: .v(38), body: body, policy: Rules.anyone,
            success: success, summary: summary, handler)
    }

    private static let query = Queries.of(["limit": .integer(min: 0), "page_size": .integer(min: 0)])
    private static let allBody = [BodySchema(.wrapped("metadata", Schemas.metadata))]
    private static let oneBody = [BodySchema(.wrapped("meta", Schemas.oneMetadataItem))]
    private static let missing = NovaError(.notFound, "Invalid metadata key")

    private static func items(_ value: JSONValue?) -> [String: String] {
        var items: [String: String] = [:]
        for (key, value) in value?.objectValue ?? JSONObject() { items[key] = value.stringValue ?? "" }
        return items
    }

    private static func answer(_ items: [String: String], as name: String = "metadata") -> APIResponse {
        .written(200) { writer in
            writer.object { writer in
                writer.field(
                    name,
                    object: { writer in
                        for (key, value) in items.sorted(by: { $0.key < $1.key }) { writer.field(key, value) }
                    })
            }
        }
    }

    private func id(_ request: APIRequest) throws -> String {
        guard let id = ImageID(try request.parameter("id")) else { throw NovaError(.notFound, "Image not found.") }
        return id.description
    }

    private func find(_ request: APIRequest) async throws -> ProxiedImage {
        ProxiedImage(try await parts.images.send("GET", "/v2/images/\(try id(request))", request))
    }

    private func list(_ request: APIRequest, isFull: Bool) async throws -> APIResponse {
        let answer = try await parts.images.send("GET", "/v2/images?limit=\(parts.maxLimit)", request)
        var images = (answer["images"]?.arrayValue ?? []).map { ProxiedImage($0) }
        images = try ProxiedImage.filter(images, request)
        if let marker = request.query("marker") {
            guard let index = images.firstIndex(where: { $0.id == marker }) else {
                throw NovaError(.badRequest, "marker [\(marker)] not found")
            }
            images.removeFirst(index + 1)
        }
        let limit = request.query("limit").flatMap { Int($0) }
        let page = images.prefix(limit ?? images.count)
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "images",
                    array: { writer in
                        for image in page {
                            if isFull { image.full(request, to: &writer) } else { image.brief(request, to: &writer) }
                        }
                    })
                let isCut = limit.map { $0 > 0 && page.count == $0 } ?? false
                Links(request).writeNext("images", request, marker: isCut ? page.last?.id : nil, to: &writer)
            }
        }
    }

    /// Writes the difference between the properties as they are and as they should be.
    private func change(
        _ request: APIRequest, _ body: ([String: String]) -> [String: String]
    ) async throws -> [String: String] {
        let before = try await find(request).properties
        let after = body(before)
        let project = try request.project
        let quota = parts.quota
        try await parts.database.read { try quota.checkMetadata(after.count, of: project, $0) }
        var operations: [JSONValue] = []
        for key in Set(before.keys).union(after.keys).sorted() where before[key] != after[key] {
            let pointer = key.replacing("~", with: "~0").replacing("/", with: "~1")
            var operation: JSONObject = ["path": .string("/\(pointer)")]
            if let value = after[key] {
                operation["op"] = before[key] == nil ? "add" : "replace"
                operation["value"] = .string(value)
            } else {
                operation["op"] = "remove"
            }
            operations.append(.object(operation))
        }
        guard !operations.isEmpty else { return after }
        _ = try await parts.images.send(
            "PATCH", "/v2/images/\(try id(request))", request, body: .array(operations), contentType: Self.patchType)
        return after
    }
}
