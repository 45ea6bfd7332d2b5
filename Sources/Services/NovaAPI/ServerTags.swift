import NovaCore
import NovaSchema

/// The tags of a server.
enum ServerTags {
    /// The most that one server has.
    static let limit = 50

    /// The tags of a body, each once, in order.
    static func list(_ value: JSONValue?) throws -> [String] {
        var tags: [String] = []
        for tag in value?.arrayValue?.compactMap(\.stringValue) ?? [] where !tags.contains(tag) { tags.append(tag) }
        guard tags.count <= limit else { throw tooMany }
        return tags
    }

    static let tooMany = NovaError(.badRequest, "The number of tags exceeded the per-server limit \(limit)")
}
