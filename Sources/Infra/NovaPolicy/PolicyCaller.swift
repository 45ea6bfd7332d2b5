public import NovaCore

/// Who asks, as policy sees it.
public struct PolicyCaller: Sendable {
    public var userID: UserID
    public var projectID: ProjectID?
    public var roles: [String]
    /// Whether the service takes the caller for an administrator (`is_admin:True`).
    public var isAdmin: Bool
    /// More credentials that rules may name: `domain_id`, `user_domain_id`, `system_scope`.
    public var attributes: [String: String]

    public init(
        userID: UserID, projectID: ProjectID?, roles: [String], isAdmin: Bool, attributes: [String: String] = [:]
    ) {
        self.userID = userID
        self.projectID = projectID
        self.roles = roles
        self.isAdmin = isAdmin
        self.attributes = attributes
    }

    /// The credential of a name: "None" for a scope that the caller does not have, nil for what is no credential.
    func credential(_ name: String) -> String? {
        switch name {
        case "user_id": userID.text
        case "project_id", "tenant_id": projectID?.text ?? "None"
        case "is_admin": isAdmin ? "True" : "False"
        // Known to every caller, so that a rule may ask whether they are there.
        case "domain_id", "project_domain_id", "system_scope": attributes[name] ?? "None"
        default: attributes[name]
        }
    }
}
