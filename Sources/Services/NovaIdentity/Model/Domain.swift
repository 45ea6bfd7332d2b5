import NovaCore
import NovaSchema
import NovaWire

/// A realm of users and projects; names are unique within it.
struct Domain: Record, Equatable {
    var id = DomainID("")
    var name = ""
    var description = ""
    var enabled = true
    var options = JSONColumn()
    /// Attributes of the clients' own.
    var extra = JSONColumn()

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("name", &name)
        visitor.visit("description", &description)
        visitor.visit("enabled", &enabled)
        visitor.visit("options", &options)
        visitor.visit("extra", &extra)
    }

    /// The short form inside other bodies.
    var reference: JSONValue { ["id": .string(id.text), "name": .string(name)] }
}

extension Domain: Resource {
    static let table = "domains"
    static let singular = "domain"
    static let plural = "domains"
    static let filterColumns: Set<String> = ["id", "name"]
    var key: String { id.text }

    func json(_ base: String) -> JSONValue {
        extra.extended(by: [
            "id": .string(id.text), "name": .string(name), "description": .string(description),
            "enabled": .bool(enabled), "tags": [], "options": .object(options.object), "links": selfLink(base),
        ])
    }
}

extension Domain {
    /// The domain as the project that it also is in Keystone: at the top of the tree, in no domain.
    func projectJSON(_ base: String) -> JSONValue {
        extra.extended(by: [
            "id": .string(id.text), "name": .string(name), "domain_id": nil, "parent_id": nil,
            "description": .string(description), "enabled": .bool(enabled), "is_domain": true, "tags": [],
            "options": .object(options.object), "links": ["self": .string("\(base)/projects/\(id)")],
        ])
    }
}
