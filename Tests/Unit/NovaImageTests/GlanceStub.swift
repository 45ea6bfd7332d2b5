import NovaCore
import NovaHTTP
import NovaSchema
import Synchronization
import Testing

/// As much of a Glance as the gateway uses, with images in memory.
final class GlanceStub: Sendable {
    struct State {
        var images: [String: JSONObject] = [:]
        var data: [String: [UInt8]] = [:]
        var members: [String: [String]] = [:]
        /// Tokens that are taken; nil takes requests without one.
        var tokens: Set<String>?
    }
    let state = Mutex(State())

    func add(_ id: ImageID, _ attributes: JSONObject, data: [UInt8]? = nil) {
        state.withLock { state in
            var image = attributes
            image["id"] = .string(id.description)
            if image["status"] == nil { image["status"] = data == nil ? "queued" : "active" }
            if let data, image["size"] == nil { image["size"] = .integer(Int64(data.count)) }
            state.images[id.description] = image
            state.data[id.description] = data
        }
    }

    func image(_ id: ImageID) -> JSONObject? { state.withLock { $0.images[id.description] } }

    var api: API {
        API(
            name: "glance", prefix: "", microversions: nil, faults: .glance,
            operations: [
                operation(.get, "/v2/images/{id}") { state, id, _ in .json(.object(try Self.known(state, id))) },
                operation(.get, "/v2/images/{id}/members") { state, id, _ in
                    .json(["members": .array((state.members[id] ?? []).map { ["member_id": .string($0)] })])
                },
                operation(.get, "/v2/images/{id}/file") { state, id, request in
                    let data = state.data[id] ?? []
                    guard let range = request.header("Range") else {
                        return data.isEmpty ? .empty(204) : .bytes(contentType: "application/octet-stream", data)
                    }
                    #expect(range == "bytes=0-0")
                    return .bytes(206, contentType: "application/octet-stream", Array(data.prefix(1)))
                },
                operation(.delete, "/v2/images/{id}") { state, id, _ in
                    guard try Self.known(state, id)["protected"] != true else { throw NovaError(.forbidden, "no") }
                    state.images[id] = nil
                    return .empty(204)
                },
                operation(.get, "/v2/images") { state, _, request in
                    #expect(request.query("sort_dir") == "desc")
                    let names = ["owner", "backup_type", "instance_uuid"]
                    let found = state.images.values.filter { image in
                        names.allSatisfy { image[$0]?.stringValue == request.query($0) }
                    }
                    let sorted = found.sorted {
                        ($0["created_at"]?.stringValue ?? "") > ($1["created_at"]?.stringValue ?? "")
                    }
                    return .json(["images": .array(sorted.map { .object($0) })])
                },
                Operation(
                    .post, "/v2/images", name: "create", body: [BodySchema(.anyObject)], policy: nil, success: 201,
                    summary: "create"
                ) { [self] request in
                    try state.withLock { state in
                        try Self.login(state, request)
                        var image = request.body.objectValue ?? JSONObject()
                        let id = image["id"]?.stringValue ?? ""
                        guard state.images[id] == nil else { throw NovaError(.conflict, "there") }
                        image["status"] = "queued"
                        state.images[id] = image
                        return .json(201, .object(image))
                    }
                },
                Operation(
                    .put, "/v2/images/{id}/file", name: "upload", streamsBody: true, policy: nil, success: 204,
                    summary: "upload"
                ) { [self] request in
                    let data = try await request.bodyStream.collect(atMost: 8 << 20)
                    let id = try request.parameter("id")
                    return try state.withLock { state in
                        try Self.login(state, request)
                        var image = try Self.known(state, id)
                        image["status"] = "active"
                        image["size"] = .integer(Int64(data.count))
                        state.images[id] = image
                        state.data[id] = data
                        return .empty(204)
                    }
                },
            ])
    }

    private func operation(
        _ verb: HTTPVerb, _ path: String,
        _ body: @escaping @Sendable (inout State, String, APIRequest) throws -> APIResponse
    ) -> Operation {
        Operation(verb, path, name: "\(path)", policy: nil, success: verb == .delete ? 204 : 200, summary: "stub") {
            [self] request in
            try state.withLock { state in
                try Self.login(state, request)
                return try body(&state, request.parameters["id"] ?? "", request)
            }
        }
    }

    private static func login(_ state: State, _ request: APIRequest) throws {
        guard let tokens = state.tokens else { return }
        guard tokens.contains(request.header("X-Auth-Token") ?? "") else { throw APIFault(401, "no token") }
    }

    private static func known(_ state: State, _ id: String) throws -> JSONObject {
        guard let image = state.images[id] else { throw NovaError(.notFound, "none") }
        return image
    }
}
