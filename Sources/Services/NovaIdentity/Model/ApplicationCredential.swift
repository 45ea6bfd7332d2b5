import NovaCore
import NovaSchema
import NovaWire

/// A secret of a user's program: a project, some of the user's roles there, and maybe only some requests.
struct ApplicationCredential: Record, Equatable {
    var id = ""
    var name = ""
    var userID = UserID("")
    var projectID = ProjectID("")
    var secretHash = Secret("")
    var description: String?
    var expiresAt: Timestamp?
    /// Whether its tokens may make and delete application credentials.
    var isUnrestricted = false
    var roleIDs: [RoleID] = []
    var accessRuleIDs: [String] = []
    /// Whether it was made with rules, if only with an empty list, which allows nothing.
    var hasAccessRules = false

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("name", &name)
        visitor.visit("user_id", &userID)
        visitor.visit("project_id", &projectID)
        visitor.visit("secret_hash", &secretHash)
        visitor.visit("description", &description)
        visitor.visit("expires_at", &expiresAt)
        visitor.visit("unrestricted", &isUnrestricted)
        visitor.visit("role_ids", &roleIDs)
        visitor.visit("access_rule_ids", &accessRuleIDs)
        visitor.visit("has_access_rules", &hasAccessRules)
    }

    /// Whether it can still be used.
    func isValid(at now: Timestamp) -> Bool { expiresAt.map { $0 > now } ?? true }
}

extension ApplicationCredential: Resource {
    static let table = "application_credentials"
    static let singular = "application_credential"
    static let plural = "application_credentials"
    static let phrase = "application credential"
    var key: String { id }

    func json(_ base: String) -> JSONValue { json(base, roles: [], rules: []) }

    /// The body, without the secret.
    func json(_ base: String, roles: [Role], rules: [AccessRule]) -> JSONValue {
        var body: JSONObject = [
            "id": .string(id), "name": .string(name), "description": JSONValue(description),
            "user_id": .string(userID.text), "project_id": .string(projectID.text), "system": nil,
            "expires_at": JSONValue(expiresAt?.iso8601Micro), "unrestricted": .bool(isUnrestricted),
            "roles": .array(
                roles.map {
                    [
                        "id": .string($0.id.text), "name": .string($0.name),
                        "domain_id": $0.isGlobal ? nil : .string($0.domainID),
                    ]
                }),
            "links": ["self": .string("\(base)/users/\(userID)/application_credentials/\(id)")],
        ]
        if hasAccessRules { body["access_rules"] = .array(rules.map(\.reference)) }
        return .object(body)
    }
}
