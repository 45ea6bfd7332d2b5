public import NovaWire

/// A kind of request that the token of an application credential may be used for.
public struct AccessRuleClaim: Record, Hashable {
    /// The type of the service: "compute".
    public var service = ""
    public var method = ""
    public var path = ""

    public init() {}
    public init(service: String, method: String, path: String) {
        self.service = service
        self.method = method
        self.path = path
    }

    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("service", &service)
        visitor.visit("method", &method)
        visitor.visit("path", &path)
    }
}

/// The application credential that a token was made with.
public struct ApplicationCredentialClaim: Record, Hashable {
    public var id = ""
    public var name = ""
    /// Whether the token may not be used to make further credentials.
    public var isRestricted = true
    /// Whether only requests that fit one of the rules are allowed.
    public var hasAccessRules = false
    public var accessRules: [AccessRuleClaim] = []

    public init() {}
    public init(id: String, name: String, isRestricted: Bool, accessRules: [AccessRuleClaim]?) {
        self.id = id
        self.name = name
        self.isRestricted = isRestricted
        hasAccessRules = accessRules != nil
        self.accessRules = accessRules ?? []
    }

    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("name", &name)
        visitor.visit("is_restricted", &isRestricted)
        visitor.visit("has_access_rules", &hasAccessRules)
        visitor.visit("access_rules", &accessRules)
    }
}
