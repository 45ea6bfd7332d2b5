import NovaCore
import NovaHTTP
import NovaSchema

/// The fields of a request's one wrapped object, read by type.
struct Fields: Sendable {
    /// How many tags a project has at most.
    static let mostTags = 80

    private let object: JSONObject

    /// The object under a name.
    ///
    /// - Throws: ``NovaError`` `badRequest` when there is none.
    init(_ request: APIRequest, _ name: String) throws {
        guard let object = request.body[name]?.objectValue else {
            throw NovaError(.badRequest, "'\(name)' is a required property")
        }
        self.object = object
    }

    /// The fields of a value that must be an object.
    ///
    /// - Throws: ``NovaError`` `badRequest` when it is none.
    init(object value: JSONValue) throws {
        guard let object = value.objectValue else { throw NovaError(.badRequest, "An object was expected.") }
        self.object = object
    }

    /// Whether the field is there, if only as null.
    func has(_ name: String) -> Bool { object[name] != nil }

    /// A text, nil when it is absent or null.
    func text(_ name: String, max: Int = 255) throws -> String? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let text = value.stringValue else { throw Self.invalid(name, "not a string") }
        guard text.unicodeScalars.count <= max else { throw Self.invalid(name, "longer than \(max) characters") }
        return text
    }

    /// A name: there, not empty, and not only spaces.
    func name(_ field: String = "name", max: Int = 255) throws -> String {
        guard let text = try text(field, max: max) else {
            throw NovaError(.badRequest, "'\(field)' is a required property")
        }
        guard text.contains(where: { !$0.isWhitespace }) else { throw Self.invalid(field, "empty") }
        return text
    }

    /// A truth value, nil when it is absent or null.
    func flag(_ name: String) throws -> Bool? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let flag = value.boolValue else { throw Self.invalid(name, "not a boolean") }
        return flag
    }

    /// An integer, nil when it is absent or null.
    func integer(_ name: String) throws -> Int64? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let number = value.integerValue else { throw Self.invalid(name, "not an integer") }
        return number
    }

    /// An object, nil when it is absent or null.
    func options(_ name: String = "options") throws -> JSONObject? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let object = value.objectValue else { throw Self.invalid(name, "not an object") }
        return object
    }

    /// A list of anything, nil when it is absent or null.
    func list(_ name: String, max: Int = 80) throws -> [JSONValue]? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let elements = value.arrayValue, elements.count <= max else { throw Self.invalid(name, "not a list") }
        return elements
    }

    /// The attributes that are none of the known ones: clients keep what they like.
    ///
    /// - Throws: ``NovaError`` `badRequest` when they are more than the service keeps.
    func extra(besides known: Set<String>) throws -> JSONObject {
        var extra = JSONObject()
        for (name, value) in object where !known.contains(name) && name != "id" && name != "links" {
            extra[name] = value
        }
        guard extra.isEmpty || JSONValue.object(extra).serialized().count <= 16_384 else {
            throw NovaError(.badRequest, "The attributes are longer than 16384 bytes together.")
        }
        return extra
    }

    /// Some options with the changes of this object: a null removes one.
    func merged(into options: JSONObject) throws -> JSONObject {
        guard let changes = try self.options() else { return options }
        var merged = options
        for (name, value) in changes { merged[name] = value.isNull ? JSONValue?.none : value }
        guard JSONValue.object(merged).serialized().count <= 4096 else {
            throw Self.invalid("options", "longer than 4096 bytes")
        }
        return merged
    }

    /// Texts, nil when they are absent or null.
    func texts(_ name: String, max: Int = 80) throws -> [String]? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let elements = value.arrayValue, elements.count <= max else { throw Self.invalid(name, "not a list") }
        return try elements.map { element in
            guard let text = element.stringValue, (1...255).contains(text.unicodeScalars.count) else {
                throw Self.invalid(name, "not a list of strings of 1 to 255 characters")
            }
            return text
        }
    }

    /// Tags: texts without a comma or a slash, each once; nil when they are absent or null.
    func tags(_ name: String) throws -> [String]? {
        guard let tags = try texts(name, max: Self.mostTags) else { return nil }
        for tag in tags { try Self.check(tag: tag) }
        guard Set(tags).count == tags.count else { throw Self.invalid(name, "a list with an element twice") }
        return tags
    }

    /// Throws `badRequest` for text that is no tag.
    static func check(tag: String) throws {
        guard (1...255).contains(tag.unicodeScalars.count), !tag.contains(","), !tag.contains("/") else {
            throw invalid("tags", "no text of 1 to 255 characters without commas and slashes")
        }
    }

    private static func invalid(_ name: String, _ why: String) -> NovaError {
        NovaError(.badRequest, "Invalid input for field '\(name)': it is \(why).")
    }
}
