import NovaCore
import NovaHTTP
import NovaSchema

/// The fields of a request's one wrapped object, read by type.
struct Fields: Sendable {
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

    private static func invalid(_ name: String, _ why: String) -> NovaError {
        NovaError(.badRequest, "Invalid input for field '\(name)': it is \(why).")
    }
}
