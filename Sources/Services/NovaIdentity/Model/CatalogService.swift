import NovaSchema
import NovaWire

/// A service that the catalog lists.
struct CatalogService: Record, Equatable {
    var id = ""
    var type = ""
    var name = ""
    var description = ""
    var enabled = true

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("type", &type)
        visitor.visit("name", &name)
        visitor.visit("description", &description)
        visitor.visit("enabled", &enabled)
    }
}

extension CatalogService: Resource {
    static let table = "services"
    static let singular = "service"
    static let plural = "services"
    static let filterColumns: Set<String> = ["id", "name", "type"]
    var key: String { id }

    func json(_ base: String) -> JSONValue {
        [
            "id": .string(id), "type": .string(type), "name": .string(name), "description": .string(description),
            "enabled": .bool(enabled), "links": selfLink(base),
        ]
    }
}
