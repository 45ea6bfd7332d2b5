import NetworkDriver
import NovaCore
import NovaSchema

/// Reads the attributes of a request body one by one; what was not read in the end is refused, as Neutron does.
struct AttributeReader {
    private let object: JSONObject
    private var used: Set<String> = []

    /// - Throws: ``NovaError`` `badRequest` when the body has no object of the name.
    init(_ body: JSONValue, _ resource: String) throws {
        guard let object = body[resource]?.objectValue else {
            throw NovaError(.badRequest, "Unable to find '\(resource)' in request body")
        }
        self.object = object
    }

    /// The attribute as given; nil when it is absent.
    mutating func value(_ name: String) -> JSONValue? {
        used.insert(name)
        return object[name]
    }

    /// A text of at most 255 characters, or of the given length; null counts as absent.
    mutating func text(_ name: String, max limit: Int = 255) throws -> String? {
        guard let value = value(name), !value.isNull else { return nil }
        guard let text = value.stringValue else { throw Self.invalid(name, "it is not a valid string.") }
        guard text.count <= limit else { throw Self.invalid(name, "it exceeds maximum length of \(limit).") }
        guard text.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 }) else {
            throw Self.invalid(name, "it has control characters.")
        }
        return text
    }

    mutating func bool(_ name: String) throws -> Bool? {
        guard let value = value(name), !value.isNull else { return nil }
        guard let flag = value.lenientBool else { throw Self.invalid(name, "it cannot be converted to boolean.") }
        return flag
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int64>) throws -> Int64? {
        guard let value = value(name), !value.isNull else { return nil }
        guard let number = value.lenientInteger, range.contains(number) else {
            throw Self.invalid(name, "it is no integer from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    mutating func identifier<Kind: IdentifierKind>(_ name: String, _: Kind.Type) throws -> Identifier<Kind>? {
        guard let text = try text(name) else { return nil }
        guard let id = Identifier<Kind>(text) else { throw Self.invalid(name, "'\(text)' is not a valid UUID.") }
        return id
    }

    mutating func address(_ name: String) throws -> IPv4Address? {
        guard let text = try text(name) else { return nil }
        guard let address = IPv4Address(text) else {
            throw Self.invalid(name, "'\(text)' is not a valid IPv4 address.")
        }
        return address
    }

    /// The owner of something new: the caller, or for an administrator whom he names.
    mutating func project(_ requester: Requester) throws -> ProjectID {
        let names = [try text("project_id"), try text("tenant_id")].compactMap(\.self)
        guard let name = names.first else {
            guard !requester.projectID.text.isEmpty else {
                throw NovaError(.forbidden, "A token with a project is needed, or the name of the owner's project_id.")
            }
            return requester.projectID
        }
        guard names.allSatisfy({ $0 == name }), let project = ProjectID(validating: name) else {
            throw Self.invalid("project_id", "'\(name)' and tenant_id must name one project.")
        }
        guard project == requester.projectID || requester.isAdmin else {
            throw NovaError(.forbidden, "Only an administrator may choose another project as the owner.")
        }
        return project
    }

    /// Takes an attribute that has no effect here as long as it asks for what is the case anyway.
    mutating func accept(_ name: String, only allowed: [JSONValue]) throws {
        guard let value = value(name), !value.isNull, !allowed.contains(value) else { return }
        throw NovaError(
            .badRequest, "Invalid input for \(name). Reason: this cloud's network service does not support it.")
    }

    /// - Throws: ``NovaError`` `badRequest` naming the attributes that nobody read.
    func finish() throws {
        let unknown = object.keys.filter { !used.contains($0) }.sorted()
        guard unknown.isEmpty else {
            throw NovaError(.badRequest, "Unrecognized attribute(s) '\(unknown.joined(separator: ", ").prefix(200))'")
        }
    }

    static func invalid(_ name: String, _ reason: String) -> NovaError {
        NovaError(.badRequest, "Invalid input for \(name). Reason: \(reason)")
    }
}
