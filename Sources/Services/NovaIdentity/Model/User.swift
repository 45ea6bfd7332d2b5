import NovaCore
import NovaSchema
import NovaWire

/// Someone or something that logs in.
struct User: Record, Equatable {
    var id = UserID("")
    var name = ""
    var domainID = DomainID("")
    var defaultProjectID: ProjectID?
    var enabled = true
    /// Empty when the user has no password.
    var passwordHash = Secret("")
    var description: String?
    var email: String?
    var options = JSONColumn()
    /// Attributes of the clients' own.
    var extra = JSONColumn()

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("name", &name)
        visitor.visit("domain_id", &domainID)
        visitor.visit("default_project_id", &defaultProjectID)
        visitor.visit("enabled", &enabled)
        visitor.visit("password_hash", &passwordHash)
        visitor.visit("description", &description)
        visitor.visit("email", &email)
        visitor.visit("options", &options)
        visitor.visit("extra", &extra)
    }
}

extension User: Resource {
    static let table = "users"
    static let singular = "user"
    static let plural = "users"
    static let filterColumns: Set<String> = ["id", "name", "domain_id"]
    var key: String { id.text }

    func json(_ base: String) -> JSONValue {
        var body: JSONObject = [
            "id": .string(id.text), "name": .string(name), "domain_id": .string(domainID.text),
            "enabled": .bool(enabled), "password_expires_at": nil, "options": .object(options.object),
            "links": selfLink(base),
        ]
        if let defaultProjectID { body["default_project_id"] = .string(defaultProjectID.text) }
        if let description { body["description"] = .string(description) }
        if let email { body["email"] = .string(email) }
        return extra.extended(by: body)
    }
}
