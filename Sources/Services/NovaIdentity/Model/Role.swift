import NovaCore
import NovaSchema
import NovaWire

/// A word that policies ask for.
///
/// A role of a domain is never in a token: it only stands for the roles that it implies.
struct Role: Record, Equatable {
    var id = RoleID("")
    var name = ""
    var description = ""
    /// Empty for a role of the whole cloud.
    var domainID = ""
    var options = JSONColumn()

    var isGlobal: Bool { domainID.isEmpty }

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("name", &name)
        visitor.visit("description", &description)
        visitor.visit("domain_id", &domainID)
        visitor.visit("options", &options)
    }
}

extension Role: Resource {
    static let table = "roles"
    static let singular = "role"
    static let plural = "roles"
    var key: String { id.text }

    func json(_ base: String) -> JSONValue {
        [
            "id": .string(id.text), "name": .string(name), "domain_id": isGlobal ? nil : .string(domainID),
            "description": .string(description), "options": .object(options.object), "links": selfLink(base),
        ]
    }
}

/// Who has the prior role has the implied one as well.
struct ImpliedRole: Record, Hashable {
    static let table = "implied_roles"

    var priorID = RoleID("")
    var impliedID = RoleID("")

    init() {}
    init(_ prior: RoleID, implies implied: RoleID) {
        priorID = prior
        impliedID = implied
    }

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("prior_id", &priorID)
        visitor.visit("implied_id", &impliedID)
    }
}
