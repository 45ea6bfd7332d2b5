import NovaCore
import NovaSchema
import NovaWire

/// A realm of users and projects; names are unique within it.
struct Domain: Record, Equatable {
    var id = DomainID("")
    var name = ""
    var description = ""
    var enabled = true

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("name", &name)
        visitor.visit("description", &description)
        visitor.visit("enabled", &enabled)
    }

    /// The short form inside other bodies.
    var reference: JSONValue { ["id": .string(id.text), "name": .string(name)] }
}

extension Domain: Resource {
    static let table = "domains"
    static let singular = "domain"
    static let plural = "domains"
    var key: String { id.text }

    func json(_ base: String) -> JSONValue {
        [
            "id": .string(id.text), "name": .string(name), "description": .string(description),
            "enabled": .bool(enabled), "tags": [], "options": [:], "links": selfLink(base),
        ]
    }
}
