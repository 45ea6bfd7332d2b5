import NovaCore
import NovaSchema
import NovaWire

/// What owns servers, networks and images.
struct Project: Record, Equatable {
    var id = ProjectID("")
    var name = ""
    var domainID = DomainID("")
    /// The project above this one, or the domain's id.
    var parentID = ""
    var description = ""
    var enabled = true
    var tags: [String] = []
    var options = JSONColumn()
    /// Attributes of the clients' own.
    var extra = JSONColumn()

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("name", &name)
        visitor.visit("domain_id", &domainID)
        visitor.visit("parent_id", &parentID)
        visitor.visit("description", &description)
        visitor.visit("enabled", &enabled)
        visitor.visit("tags", &tags)
        visitor.visit("options", &options)
        visitor.visit("extra", &extra)
    }
}

extension Project: Resource {
    static let table = "projects"
    static let singular = "project"
    static let plural = "projects"
    static let filterColumns: Set<String> = ["id", "name", "domain_id", "parent_id"]
    var key: String { id.text }

    func json(_ base: String) -> JSONValue {
        extra.extended(by: [
            "id": .string(id.text), "name": .string(name), "domain_id": .string(domainID.text),
            "parent_id": .string(parentID), "description": .string(description), "enabled": .bool(enabled),
            "is_domain": false, "tags": JSONValue(tags), "options": .object(options.object), "links": selfLink(base),
        ])
    }
}
