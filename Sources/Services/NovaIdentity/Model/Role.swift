import NovaCore
import NovaSchema
import NovaWire

/// A word that policies ask for.
struct Role: Record, Equatable {
    var id = RoleID("")
    var name = ""
    var description = ""

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("name", &name)
        visitor.visit("description", &description)
    }
}

extension Role: Resource {
    static let table = "roles"
    static let singular = "role"
    static let plural = "roles"
    var key: String { id.text }

    func json(_ base: String) -> JSONValue {
        [
            "id": .string(id.text), "name": .string(name), "domain_id": nil, "description": .string(description),
            "options": [:], "links": selfLink(base),
        ]
    }
}
