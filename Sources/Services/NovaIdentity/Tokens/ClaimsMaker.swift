import NovaCore
import NovaCrypto
import NovaDatabase
import NovaWire

/// Works out what a token says, from the state of the database in one transaction.
struct ClaimsMaker {
    private let connection: Connection
    private let lifetime: Int64

    /// - Parameter lifetime: how long a new token is valid, in seconds.
    init(_ connection: Connection, lifetime: Int64) {
        self.connection = connection
        self.lifetime = lifetime
    }

    /// What a token of a user in a scope says; one made from another token ends when that one does.
    ///
    /// - Throws: ``NovaError`` `unauthorized` when the user may not have it.
    func claims(
        for user: User, methods: [String], _ scope: ScopeRequest, from old: TokenClaims?
    ) throws -> TokenClaims {
        var claims = try unscoped(user, methods, from: old)
        try setScope(scope, of: user, &claims)
        claims.isAdmin = claims.roles.contains { $0.name == "admin" }
        return claims
    }

    /// What a token of an application credential says: its project, and those of its roles that the user still has.
    ///
    /// - Throws: ``NovaError`` `unauthorized` when the credential cannot be used.
    func claims(for user: User, with credential: ApplicationCredential, methods: [String]) throws -> TokenClaims {
        var claims = try unscoped(user, methods, from: nil)
        guard credential.isValid(at: claims.issued),
            let project = try connection.present(Project.self, credential.projectID.text),
            try enter(project, of: user, &claims)
        else { throw TokenIssuer.refusal }
        let chosen = Set(try RoleGraph(connection).effective(credential.roleIDs).map(\.id))
        claims.roles = claims.roles.filter { chosen.contains($0.id) }
        guard !claims.roles.isEmpty else { throw TokenIssuer.refusal }
        claims.isAdmin = claims.roles.contains { $0.name == "admin" }
        let rules = try credential.accessRuleIDs.compactMap { try connection.present(AccessRule.self, $0)?.claim }
        claims.applicationCredential = ApplicationCredentialClaim(
            id: credential.id, name: credential.name, isRestricted: !credential.isUnrestricted,
            accessRules: credential.hasAccessRules ? rules : nil)
        if let end = credential.expiresAt { claims.expires = min(claims.expires, end) }
        return claims
    }

    private func unscoped(_ user: User, _ methods: [String], from old: TokenClaims?) throws -> TokenClaims {
        guard user.enabled, let home = try connection.present(Domain.self, user.domainID.text), home.enabled else {
            throw TokenIssuer.refusal
        }
        var claims = TokenClaims()
        claims.tokenID = .random()
        claims.auditID = Base64.encodeURL(RandomBytes.make(16))
        claims.parentAuditID = old.map { $0.parentAuditID ?? $0.auditID }
        claims.methods = methods
        claims.userID = user.id
        claims.userName = user.name
        claims.userDomainID = home.id
        claims.userDomainName = home.name
        claims.issued = .now()
        claims.expires = old?.expires ?? claims.issued.adding(seconds: lifetime)
        return claims
    }

    private func setScope(_ scope: ScopeRequest, of user: User, _ claims: inout TokenClaims) throws {
        switch scope {
        case .unscoped: break
        case .unstated:
            // A default project that is gone or closed to the user leaves the token without scope.
            guard let id = user.defaultProjectID, let project = try connection.present(Project.self, id.text) else {
                break
            }
            try enter(project, of: user, &claims)
        case .project(let reference):
            guard let project = try connection.project(reference), try enter(project, of: user, &claims) else {
                throw TokenIssuer.refusal
            }
        case .domain(let reference):
            guard let domain = try connection.domain(reference), domain.enabled else { throw TokenIssuer.refusal }
            claims.roles = try connection.roles(of: user.id, on: .domain(domain.id)).map(\.claim)
            guard !claims.roles.isEmpty else { throw TokenIssuer.refusal }
            claims.domainID = domain.id
            claims.domainName = domain.name
        case .system:
            claims.roles = try connection.roles(of: user.id, on: .wholeSystem).map(\.claim)
            guard !claims.roles.isEmpty else { throw TokenIssuer.refusal }
            claims.isSystem = true
        }
    }

    @discardableResult
    private func enter(_ project: Project, of user: User, _ claims: inout TokenClaims) throws -> Bool {
        guard project.enabled, let domain = try connection.present(Domain.self, project.domainID.text), domain.enabled
        else { return false }
        let roles = try connection.roles(of: user.id, in: project)
        guard !roles.isEmpty else { return false }
        claims.roles = roles.map(\.claim)
        claims.projectID = project.id
        claims.projectName = project.name
        claims.projectDomainID = domain.id
        claims.projectDomainName = domain.name
        return true
    }
}

extension Role {
    fileprivate var claim: RoleClaim { RoleClaim(id: id, name: name) }
}

extension Connection {
    func user(_ reference: Reference) throws -> User? {
        switch reference {
        case .id(let id): return try present(User.self, id)
        case .name(let name, let domain):
            guard let domain = try self.domain(domain) else { return nil }
            return try record(
                User.self, from: User.table, where: "domain_id = ? AND name = ?", [domain.id.column, .text(name)])
        }
    }

    func domain(_ reference: DomainReference) throws -> Domain? {
        switch reference {
        case .id(let id): try present(Domain.self, id)
        case .name(let name): try record(Domain.self, from: Domain.table, where: "name = ?", [.text(name)])
        }
    }

    func project(_ reference: Reference) throws -> Project? {
        switch reference {
        case .id(let id): return try present(Project.self, id)
        case .name(let name, let domain):
            guard let domain = try self.domain(domain) else { return nil }
            return try record(
                Project.self, from: Project.table, where: "domain_id = ? AND name = ?", [domain.id.column, .text(name)])
        }
    }

    func applicationCredential(_ reference: ApplicationCredentialReference) throws -> ApplicationCredential? {
        switch reference {
        case .id(let id): return try present(ApplicationCredential.self, id)
        case .name(let name, let user):
            guard let user = try self.user(user) else { return nil }
            return try record(
                ApplicationCredential.self, from: ApplicationCredential.table, where: "user_id = ? AND name = ?",
                [user.id.column, .text(name)])
        }
    }
}
