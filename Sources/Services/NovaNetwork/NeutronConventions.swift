import NovaCore
import NovaHTTP
import NovaSchema

// What all resources of the Network API have in common. Names are those of Neutron's policies; whoever has a token may
// call them, and the handlers look at ownership.
extension Operation {
    /// Who may change what his project owns; a reader may not.
    private static let memberRule = "role:member or role:admin or is_admin:True"

    static func list(_ path: String, name: String, _ summary: String, _ handler: @escaping Handler) -> Operation {
        Operation(.get, "/\(path)", name: name, policy: "@", success: 200, summary: summary, typed(path, handler))
    }

    static func show(_ path: String, name: String, _ summary: String, _ handler: @escaping Handler) -> Operation {
        Operation(.get, "/\(path)/{id}", name: name, policy: "@", success: 200, summary: summary, typed(path, handler))
    }

    static func create(
        _ path: String, _ word: String, name: String, _ summary: String, _ handler: @escaping Handler
    ) -> Operation {
        Operation(
            .post, "/\(path)", name: name, body: [BodySchema(envelope(word))], policy: memberRule, success: 201,
            summary: summary, typed(path, handler))
    }

    static func update(
        _ path: String, _ word: String, name: String, _ summary: String, _ handler: @escaping Handler
    ) -> Operation {
        Operation(
            .put, "/\(path)/{id}", name: name, body: [BodySchema(envelope(word))], policy: memberRule, success: 200,
            summary: summary, typed(path, handler))
    }

    static func delete(_ path: String, name: String, _ summary: String, _ handler: @escaping Handler) -> Operation {
        Operation(
            .delete, "/\(path)/{id}", name: name, policy: memberRule, success: 204, summary: summary,
            typed(path, handler))
    }

    /// Names the kind of an error as Neutron does: clients in Python make an exception class of it.
    private static func typed(_ path: String, _ handler: @escaping Handler) -> Handler {
        let word = path.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        let kind = word.hasSuffix("s") ? String(word.dropLast()) : word
        return { request in
            do { return try await handler(request) } catch let error as NovaError {
                switch error.code {
                case .notFound: throw APIFault(404, error.message, type: "\(kind)NotFound")
                case .conflict where error.message.hasPrefix("No more IP"):
                    throw APIFault(409, error.message, type: "IpAddressGenerationFailure")
                case .conflict: throw APIFault(409, error.message, type: "\(kind)InUse")
                case .badRequest: throw APIFault(400, error.message, type: "InvalidInput")
                default: throw error
                }
            }
        }
    }

    /// The attributes themselves are checked by ``AttributeReader``, whose messages name them as Neutron does.
    private static func envelope(_ word: String) -> JSONSchema {
        .object(properties: [word: .anyObject], required: [word])
    }
}

extension APIResponse {
    /// A list, with the link to its next page when there is one.
    static func page(
        _ resource: String, _ result: (page: [JSONObject], hasMore: Bool), _ request: APIRequest
    ) -> APIResponse {
        var body: JSONObject = [resource: .array(result.page.map { .object($0) })]
        if result.hasMore, let last = result.page.last?["id"]?.stringValue {
            let kept = request.query.filter { $0.name != "marker" }.map { "\(escaped($0.name))=\(escaped($0.value))" }
            let query = (kept + ["marker=\(last)"]).joined(separator: "&")
            let href = "\(request.baseURL)/v2.0/\(resource)?\(query)"
            body["\(resource)_links"] = [["rel": "next", "href": .string(href)]]
        }
        return .json(200, .object(body))
    }

    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126: String(UnicodeScalar(byte))
            default: "%" + Hex.encode([byte]).uppercased()
            }
        }.joined()
    }
}

extension APIRequest {
    /// The id in the path; a name there names nothing, and clients then look for it by a filter.
    func identifier<Kind: IdentifierKind>(_: Kind.Type, _ word: String) throws -> Identifier<Kind> {
        let text = parameters["id"] ?? ""
        guard let id = Identifier<Kind>(text) else {
            throw NovaError(.notFound, "\(word) \(text.prefix(64)) could not be found.")
        }
        return id
    }
}
