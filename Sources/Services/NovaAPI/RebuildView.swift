import NovaCore
import NovaHTTP
import NovaModel
import NovaSchema

/// What a rebuild answers: the server as after any change, with its key, its user data and its new password.
struct RebuildView {
    let request: APIRequest
    let facts: ServerFacts

    func answer(_ server: ServerRecord, password: String) throws -> APIResponse {
        var writer = JSONWriter()
        ServerView(request, facts).full(server, .change, to: &writer)
        var object = try JSONValue.parse(writer.bytes).objectValue ?? JSONObject()
        // A rebuild has a name of its own for it.
        object["OS-EXT-SRV-ATTR:user_data"] = nil
        if request.atLeast(54) { object["key_name"] = Self.text(server.keyName) }
        if request.atLeast(57) { object["user_data"] = Self.text(server.userData) }
        object["adminPass"] = .string(password)
        let location = Links(request).selfLink("servers", server.id.description)
        return .json(202, headers: [("Location", location)], .object(["server": .object(object)]))
    }

    private static func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
}
