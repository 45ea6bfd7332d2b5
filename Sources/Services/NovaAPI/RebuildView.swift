import NovaCore
import NovaHTTP
import NovaModel
import NovaSchema

/// What a rebuild answers: the server as it is shown, before 2.75 with its own attributes only.
struct RebuildView {
    /// The minor microversion from which on each attribute is there; what is missing here comes with 2.75.
    private static let attributes: [String: Int] = [
        "id": 1, "name": 1, "status": 1, "tenant_id": 1, "user_id": 1, "metadata": 1, "hostId": 1, "image": 1,
        "flavor": 1, "created": 1, "updated": 1, "addresses": 1, "accessIPv4": 1, "accessIPv6": 1, "links": 1,
        "OS-DCF:diskConfig": 1, "progress": 1, "fault": 1, "locked": 9, "description": 19, "tags": 26, "key_name": 54,
        "trusted_image_certificates": 63, "server_groups": 71, "locked_reason": 73,
    ]

    private let request: APIRequest

    init(_ request: APIRequest) { self.request = request }

    func answer(_ server: ServerRecord, password: String) throws -> APIResponse {
        let view = ServerView(request, liveQueues: [])
        var writer = JSONWriter()
        view.full(server, isList: false, to: &writer)
        var object = try JSONValue.parse(writer.bytes).objectValue ?? JSONObject()
        if !request.atLeast(75) { reduce(&object) }
        // A rebuild has a name of its own for it.
        object["OS-EXT-SRV-ATTR:user_data"] = nil
        if request.atLeast(57) { object["user_data"] = server.userData.map { JSONValue.string($0) } ?? JSONValue.null }
        object["adminPass"] = .string(password)
        let location = Links(request).selfLink("servers", server.id.description)
        return .json(202, headers: [("Location", location)], .object(["server": .object(object)]))
    }

    private func reduce(_ object: inout JSONObject) {
        for name in object.keys where !request.atLeast(Self.attributes[name] ?? 75) { object[name] = nil }
        guard let networks = object["addresses"]?.objectValue else { return }
        object["addresses"] = .object(
            JSONObject(
                networks.map { name, addresses -> (String, JSONValue) in
                    let plain = addresses.arrayValue?.map { address in
                        JSONValue.object([
                            "version": address["version"] ?? .null, "addr": address["addr"] ?? .null,
                        ])
                    }
                    return (name, .array(plain ?? []))
                }))
    }
}
