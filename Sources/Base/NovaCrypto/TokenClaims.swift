public import NovaCore
public import NovaWire

/// One role that a token carries.
public struct RoleClaim: Record, Hashable {
    public var id = RoleID("")
    public var name = ""

    public init() {}
    public init(id: RoleID, name: String) {
        self.id = id
        self.name = name
    }

    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("name", &name)
    }
}

/// What an identity token says: who, in which scope, with which roles, until when.
///
/// The scope is a project, a domain, the system, or none of them (unscoped).
public struct TokenClaims: SignedRecord, Equatable {
    public static let prefix = "nv1"
    /// HTTP servers take headers of about 8 KiB.
    public static let maximumTextLength = 7_800

    public var keyID = ""
    public var tokenID = UUID128(high: 0, low: 0)
    /// Base64 text of 16 random bytes, and that of the token that this one was made from.
    public var auditID = ""
    public var parentAuditID: String?
    public var methods: [String] = []
    public var userID = UserID("")
    public var userName = ""
    public var userDomainID = DomainID("")
    public var userDomainName = ""
    public var projectID: ProjectID?
    public var projectName = ""
    public var projectDomainID = DomainID("")
    public var projectDomainName = ""
    public var domainID: DomainID?
    public var domainName = ""
    public var isSystem = false
    public var roles: [RoleClaim] = []
    public var issued = Timestamp(microseconds: 0)
    public var expires = Timestamp(microseconds: 0)
    public var isAdmin = false
    /// Set when the token was made with an application credential.
    public var applicationCredential: ApplicationCredentialClaim?

    public init() {}

    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("key_id", &keyID)
        visitor.visit("token_id", &tokenID)
        visitor.visit("audit_id", &auditID)
        visitor.visit("parent_audit_id", &parentAuditID)
        visitor.visit("methods", &methods)
        visitor.visit("user_id", &userID)
        visitor.visit("user_name", &userName)
        visitor.visit("user_domain_id", &userDomainID)
        visitor.visit("user_domain_name", &userDomainName)
        visitor.visit("project_id", &projectID)
        visitor.visit("project_name", &projectName)
        visitor.visit("project_domain_id", &projectDomainID)
        visitor.visit("project_domain_name", &projectDomainName)
        visitor.visit("domain_id", &domainID)
        visitor.visit("domain_name", &domainName)
        visitor.visit("is_system", &isSystem)
        visitor.visit("roles", &roles)
        visitor.visit("issued", &issued)
        visitor.visit("expires", &expires)
        visitor.visit("is_admin", &isAdmin)
        visitor.visit("application_credential", &applicationCredential)
    }
}

/// Makes tokens; only the identity service has one.
public typealias TokenSigner = RecordSigner<TokenClaims>
/// Checks tokens.
public typealias TokenVerifier = RecordVerifier<TokenClaims>
