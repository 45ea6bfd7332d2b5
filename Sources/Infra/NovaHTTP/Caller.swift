public import NovaCore
public import NovaPolicy

/// Who sent a request, as the token says.
///
/// A class, as each request hands it on many times.
public final class Caller: Sendable {
    public let userID: UserID
    public let userName: String
    public let userDomainID: DomainID
    public let userDomainName: String
    /// The project of a project-scoped token.
    public let projectID: ProjectID?
    public let projectName: String
    public let projectDomainID: DomainID
    public let projectDomainName: String
    /// The domain of a domain-scoped token.
    public let domainID: DomainID?
    /// Whether the token is scoped to the whole system.
    public let isSystemScoped: Bool
    public let roles: [String]
    public let isAdmin: Bool
    public let tokenID: Secret<String>
    public let expires: Timestamp
    /// The only requests that the token may be used for; nil for any.
    public let accessRules: [AccessRulePattern]?
    /// The caller as policy sees it.
    public let policyCaller: PolicyCaller
    /// What rules compare with when an operation names no target: the caller's own project and user.
    public let ownTarget: [String: String]

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
        policyCaller = PolicyCaller(
            userID: userID, projectID: projectID, roles: roles, isAdmin: isAdmin,
            attributes: Self.attributes(
                userDomainID, domain: domainID, projectDomain: projectID.map { _ in projectDomainID },
                isSystemScoped: isSystemScoped))
        var target = ["user_id": userID.text]
        if let projectID { target["project_id"] = projectID.text }
        if let domainID { target["domain_id"] = domainID.text }
        ownTarget = target
    }

    private static func attributes(
        _ userDomainID: DomainID, domain domainID: DomainID?, projectDomain projectDomainID: DomainID?,
        isSystemScoped: Bool
    ) -> [String: String] {
        var attributes = ["user_domain_id": userDomainID.text]
        if let domainID {
            attributes["domain_id"] = domainID.text
            attributes["token.domain.id"] = domainID.text
        }
        if let projectDomainID {
            attributes["project_domain_id"] = projectDomainID.text
            attributes["token.project.domain.id"] = projectDomainID.text
        }
        if isSystemScoped { attributes["system_scope"] = "all" }
        return attributes
    }

    /// What the token is good for; nil when it has no scope.
    var scope: API.Scope? {
        if projectID != nil { return .project }
        if domainID != nil { return .domain }
        return isSystemScoped ? .system : nil
    }
}

/// Says who a token belongs to.
public protocol Authenticator: Sendable {
    /// The caller of a token.
    ///
    /// - Throws: ``NovaError`` `unauthorized` for a token that is not valid, `unavailable` when that cannot be known.
    func authenticate(token: String) async throws -> Caller
}
