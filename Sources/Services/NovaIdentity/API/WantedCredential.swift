import NovaCore
import NovaDatabase
import NovaSchema
import NovaWire

/// What a body asks for in a new application credential.
struct WantedCredential: Sendable {
    /// How many rules a token has room for.
    private static let mostRules = 32

    private(set) var credential = ApplicationCredential()
    private let roles: [JSONValue]?
    private var rules: [AccessRule] = []
    private var ruleIDs: [String] = []
    private let user: String

    /// - Throws: ``NovaError`` `badRequest` naming the field that is not valid.
    init(_ fields: Fields, user: String) throws {
        self.user = user
        credential.id = UUID128.random().hex
        credential.name = try fields.name()
        credential.description = try fields.text("description", max: 65_535)
        credential.isUnrestricted = try fields.flag("unrestricted") ?? false
        if let text = try fields.text("expires_at") {
            guard let time = Timestamp(iso8601: text) else {
                throw NovaError(.badRequest, "Invalid input for field 'expires_at': it is no time in ISO 8601.")
            }
            guard time > .now() else {
                throw NovaError(.badRequest, "Invalid input for field 'expires_at': it is in the past.")
            }
            credential.expiresAt = time
        }
        roles = try fields.list("roles")
        if let list = try fields.list("access_rules", max: Self.mostRules) {
            credential.hasAccessRules = true
            for value in list {
                let fields = try Fields(object: value)
                if let id = try fields.text("id", max: 64) {
                    ruleIDs.append(id)
                    continue
                }
                var rule = AccessRule()
                rule.id = UUID128.random().hex
                rule.userID = user
                rule.service = try fields.name("service", max: 64)
                rule.path = try fields.name("path", max: 128)
                rule.method = try fields.name("method", max: 16)
                guard AccessRule.methods.contains(rule.method) else {
                    throw NovaError(.badRequest, "Invalid input for field 'method': it is no method of HTTP.")
                }
                guard rule.path.hasPrefix("/") else {
                    throw NovaError(.badRequest, "Invalid input for field 'path': it does not start with a slash.")
                }
                rules.append(rule)
            }
        }
    }

    /// The ids of the roles that are wanted, of those that the user has; all of them when none are named.
    ///
    /// - Throws: ``NovaError`` `badRequest` for a role that the user does not have.
    func roles(of own: [Role]) throws -> [RoleID] {
        guard let roles, !roles.isEmpty else { return own.map(\.id) }
        return try roles.map { value in
            let id = value["id"]?.stringValue
            let name = value["name"]?.stringValue
            guard id != nil || name != nil else {
                throw NovaError(.badRequest, "Invalid input for field 'roles': a role needs its id or name.")
            }
            guard let role = own.first(where: { id == nil ? $0.name == name : $0.id.text == id }) else {
                throw NovaError(
                    .badRequest,
                    "Invalid application credential: Could not find role assignment with role: \(id ?? name ?? "").")
            }
            return role.id
        }
    }

    /// Keeps the rules, one of each kind for a user, and gives their ids.
    ///
    /// - Throws: ``NovaError`` `notFound` for the id of a rule that the user does not have.
    func saveRules(_ connection: Connection) throws -> [String] {
        var ids = try ruleIDs.map { id in
            guard let rule = try connection.present(AccessRule.self, id), rule.userID == user else {
                throw AccessRule.missing(id)
            }
            return rule.id
        }
        for rule in rules {
            let same = try connection.record(
                AccessRule.self, from: AccessRule.table,
                where: "user_id = ? AND service = ? AND method = ? AND path = ?",
                [.text(rule.userID), .text(rule.service), .text(rule.method), .text(rule.path)])
            if same == nil { try connection.insert(rule, into: AccessRule.table) }
            ids.append(same?.id ?? rule.id)
        }
        return ids
    }
}
