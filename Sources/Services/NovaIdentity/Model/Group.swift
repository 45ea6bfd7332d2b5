import NovaCore
import NovaSchema
import NovaWire

/// Users who have the same roles together.
struct Group: Record, Equatable {
    var id = ""
    var name = ""
    var domainID = DomainID("")
    var description = ""

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("name", &name)
        visitor.visit("domain_id", &domainID)
        visitor.visit("description", &description)
    }
}

extension Group: Resource {
    static let table = "groups"
    static let singular = "group"
    static let plural = "groups"
    static let filterColumns: Set<String> = ["id", "name", "domain_id"]
    var key: String { id }

    func json(_ base: String) -> JSONValue {
        [
            "id": .string(id), "name": .string(name), "domain_id": .string(domainID.text),
            "description": .string(description), "links": selfLink(base),
        ]
    }
}
