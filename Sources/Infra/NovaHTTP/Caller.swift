public import NovaCore
public import NovaPolicy

/// Who sent a request, as the token says.
public struct Caller: Sendable {
    public var userID: UserID
    public var userName: String
    public var userDomainID: DomainID
    public var userDomainName: String
    /// The project of a project-scoped token.
    public var projectID: ProjectID?
    public var projectName: String
    public var projectDomainID: DomainID
    public var projectDomainName: String
    /// The domain of a domain-scoped token.
    public var domainID: DomainID?
    /// Whether the token is scoped to the whole system.
    public var isSystemScoped: Bool
    public var roles: [String]
    public var isAdmin: Bool
    public var tokenID: Secret<String>
    public var expires: Timestamp
    /// The only requests that the token may be used for; nil for any.
    public var accessRules: [AccessRulePattern]?

    public init(
        userID: UserID, userName: String = "", userDomainID: DomainID = DomainID("default"),
        userDomainName: String = "Default", projectID: ProjectID?, projectName: String = "",
        projectDomainID: DomainID = DomainID("default"), projectDomainName: String = "Default",
        domainID: DomainID? = nil, isSystemScoped: Bool = false, roles: [String], isAdmin: Bool,
        tokenID: Secret<String> = Secret(""), expires: Timestamp, accessRules: [AccessRulePattern]? = nil
    ) {
        self.userID = userID
        self.userName = userName
        self.userDomainID = userDomainID
        self.userDomainName = userDomainName
        self.projectID = projectID
        self.projectName = projectName
        self.projectDomainID = projectDomainID
        self.projectDomainName = projectDomainName
        self.domainID = domainID
        self.isSystemScoped = isSystemScoped
        self.roles = roles
        self.isAdmin = isAdmin
        self.tokenID = tokenID
        self.expires = expires
        self.accessRules = accessRules
    }

    /// The caller as policy sees it.
    public var policyCaller: PolicyCaller {
        var attributes = ["user_domain_id": userDomainID.text]
        if let domainID {
            attributes["domain_id"] = domainID.text
            attributes["token.domain.id"] = domainID.text
        }
        if projectID != nil {
            attributes["project_domain_id"] = projectDomainID.text
            attributes["token.project.domain.id"] = projectDomainID.text
        }
        if isSystemScoped { attributes["system_scope"] = "all" }
        return PolicyCaller(
            userID: userID, projectID: projectID, roles: roles, isAdmin: isAdmin, attributes: attributes)
    }

    /// What the token is good for; nil when it has no scope.
    var scope: API.Scope? {
        if projectID != nil { return .project }
        if domainID != nil { return .domain }
        return isSystemScoped ? .system : nil
    }

    /// What rules compare with when an operation names no target: the caller's own project and user.
    public var ownTarget: [String: String] {
        var target = ["user_id": userID.text]
        if let projectID { target["project_id"] = projectID.text }
        if let domainID { target["domain_id"] = domainID.text }
        return target
    }
}

/// Says who a token belongs to.
public protocol Authenticator: Sendable {
    /// The caller of a token.
    ///
    /// - Throws: ``NovaError`` `unauthorized` for a token that is not valid, `unavailable` when that cannot be known.
    func authenticate(token: String) async throws -> Caller
}
