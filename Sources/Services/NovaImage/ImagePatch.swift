import NovaCore
import NovaSchema

/// The changes of a JSON patch: add, replace and remove of attributes and of single tags.
struct ImagePatch {
    enum Verb: String { case add, replace, remove }
    struct Change {
        let verb: Verb
        let path: [String]
        let value: JSONValue?
    }
    static let mediaTypes = [
        "application/openstack-images-v2.1-json-patch", "application/openstack-images-v2.0-json-patch",
        "application/json-patch+json",
    ]
    let changes: [Change]

    /// Reads a patch: the form of RFC 6902, or the older one whose key is the verb.
    ///
    /// - Throws: ``NovaError`` `badRequest` for anything else.
    init(_ body: JSONValue) throws {
        guard let elements = body.arrayValue else {
            throw NovaError(.badRequest, "Request body must be a JSON array of operation objects.")
        }
        changes = try elements.map(Self.change)
    }

    private static func change(_ element: JSONValue) throws -> Change {
        guard let object = element.objectValue else {
            throw NovaError(.badRequest, "Operations must be JSON objects.")
        }
        let verb: Verb
        let pointer: String
        if let op = object["op"]?.stringValue {
            guard let known = Verb(rawValue: op) else {
                throw NovaError(
                    .badRequest, "Operations must be one of add, replace, remove. Found an unsupported operation.")
            }
            verb = known
            pointer = object["path"]?.stringValue ?? ""
        } else if let name = object.keys.first(where: { Verb(rawValue: $0) != nil }), let known = Verb(rawValue: name) {
            verb = known
            pointer = object[name]?.stringValue ?? ""
        } else {
            throw NovaError(.badRequest, "Operation objects must contain a member named op.")
        }
        guard pointer.hasPrefix("/"), pointer.utf8.count > 1, !pointer.contains("//"), !pointer.hasSuffix("/") else {
            throw NovaError(.badRequest, "Pointer `\(pointer)` is not a valid path of an attribute.")
        }
        let value = object["value"]
        guard verb == .remove || value != nil else {
            throw NovaError(.badRequest, "Operation \"\(verb.rawValue)\" requires a member named \"value\".")
        }
        let path = pointer.dropFirst().split(separator: "/").map {
            String($0.replacing("~1", with: "/").replacing("~0", with: "~"))
        }
        guard path.count == 1 || (path.count == 2 && path[0] == "tags") else {
            throw NovaError(.badRequest, "Pointer `\(pointer)` leads too deep into the image.")
        }
        return Change(verb: verb, path: path, value: value)
    }

    /// Applies the changes in order.
    ///
    /// - Throws: what ``ImageAttributes`` throws; `conflict` for a replacement of what is not there.
    func apply(to attributes: inout ImageAttributes) throws {
        for change in changes {
            let name = change.path[0]
            if change.path.count == 2 {
                try Self.applyTag(change, change.path[1], to: &attributes)
                continue
            }
            switch (change.verb, change.value) {
            case (.remove, _): try attributes.remove(name)
            case (.replace, let value?):
                guard attributes.has(name) else { throw NovaError(.conflict, "Property \(name) does not exist.") }
                try attributes.set(name, value)
            case (.add, let value?): try attributes.set(name, value)
            case (_, nil): throw NovaError(.badRequest, "An operation has no value.")
            }
        }
    }

    private static func applyTag(_ change: Change, _ place: String, to attributes: inout ImageAttributes) throws {
        var tags = attributes.image.tags
        let index = place == "-" ? tags.count : Int(place) ?? -1
        let limit = change.verb == .add ? tags.count : tags.count - 1
        guard index >= 0, index <= limit else { throw NovaError(.conflict, "The image has no tag at this place.") }
        if change.verb != .add { tags.remove(at: index) }
        if change.verb != .remove {
            guard let tag = change.value?.stringValue else { throw NovaError(.badRequest, "A tag must be a string.") }
            tags.insert(tag, at: index)
        }
        try attributes.set("tags", JSONValue(tags))
    }
}
