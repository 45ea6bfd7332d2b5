import NovaAuth
import NovaCore
import NovaCrypto
import NovaDatabase
import NovaWire

/// Checks credentials and makes tokens.
///
/// The state that a token rests on is read on the database's writer, in turn with the changes that revoke: a token
/// either sees a change or was issued before it and is void by its revocation.
final class TokenIssuer: Sendable {
    /// The one answer to whatever is wrong with a login, so that nothing is learned from it.
    static let refusal = NovaError(.unauthorized, "The request you have made requires authentication.")

    private let store: IdentityStore
    private let signer: TokenSigner
    private let authenticator: TokenAuthenticator
    private let passwords: PasswordDesk
    private let limiter = LoginLimiter()
    private let lifetime: Int64

    /// - Parameter lifetime: how long a token is valid, in seconds.
    init(
        store: IdentityStore, signer: TokenSigner, authenticator: TokenAuthenticator, passwords: PasswordDesk,
        lifetime: Int64
    ) {
        self.store = store
        self.signer = signer
        self.authenticator = authenticator
        self.passwords = passwords
        self.lifetime = lifetime
    }

    /// A token for valid credentials.
    ///
    /// - Throws: ``NovaError`` `unauthorized` for any others; `unavailable` when too many log in at once.
    func issue(_ request: AuthRequest) async throws -> (token: String, claims: TokenClaims) {
        let claims =
            switch request.credentials {
            case .password(let reference, let password): try await login(reference, password, request.scope)
            case .token(let token): try await rescope(token, request.scope)
            }
        return (try signer.sign(claims), claims)
    }

    private func login(
        _ reference: Reference, _ password: Secret<String>, _ scope: ScopeRequest
    ) async throws -> TokenClaims {
        let name = "\(reference)"
        guard name.utf8.count <= 1024, limiter.admit(name) else { throw Self.refusal }
        let user = try await store.read { try Self.user(reference, in: $0) }
        let isRight = try await passwords.verify(password, against: user?.passwordHash)
        limiter.finish(name, succeeded: isRight)
        guard isRight, let user else { throw Self.refusal }
        return try await store.change { [lifetime] connection, _ in
            // Disabled, deleted or given another password since it was looked up.
            guard let present = try connection.record(User.self, from: User.table, where: "id = ?", [user.id.column]),
                present.passwordHash == user.passwordHash
            else { throw Self.refusal }
            return try Self.claims(
                for: present, methods: ["password"], scope, lifetime: lifetime, from: nil, in: connection)
        }
    }

    /// Whether a password is a user's, with the same limits as a login.
    func isRight(_ password: Secret<String>, of user: User) async throws -> Bool {
        let name = "\(Reference.id(user.id.text))"
        guard limiter.admit(name) else { throw Self.refusal }
        let isRight = try await passwords.verify(password, against: user.passwordHash)
        limiter.finish(name, succeeded: isRight)
        return isRight
    }

    private func rescope(_ token: Secret<String>, _ scope: ScopeRequest) async throws -> TokenClaims {
        let old: TokenClaims
        do {
            old = try await authenticator.claims(of: token.reveal())
        } catch let error as NovaError where error.code == .unauthorized {
            throw Self.refusal
        }
        return try await store.change { [lifetime] connection, _ in
            guard let user = try connection.record(User.self, from: User.table, where: "id = ?", [old.userID.column])
            else {
                throw Self.refusal
            }
            let methods = old.methods.contains("token") ? old.methods : old.methods + ["token"]
            return try Self.claims(for: user, methods: methods, scope, lifetime: lifetime, from: old, in: connection)
        }
    }

    private static func user(_ reference: Reference, in connection: Connection) throws -> User? {
        switch reference {
        case .id(let id): return try connection.record(User.self, from: User.table, where: "id = ?", [.text(id)])
        case .name(let name, let domain):
            guard let domain = try Self.domain(domain, in: connection) else { return nil }
            return try connection.record(
                User.self, from: User.table, where: "domain_id = ? AND name = ?", [domain.id.column, .text(name)])
        }
    }

    private static func domain(_ reference: DomainReference, in connection: Connection) throws -> Domain? {
        switch reference {
        case .id(let id): try connection.record(Domain.self, from: Domain.table, where: "id = ?", [.text(id)])
        case .name(let name): try connection.record(Domain.self, from: Domain.table, where: "name = ?", [.text(name)])
        }
    }

    private static func project(_ reference: Reference, in connection: Connection) throws -> Project? {
        switch reference {
        case .id(let id): return try connection.record(Project.self, from: Project.table, where: "id = ?", [.text(id)])
        case .name(let name, let domain):
            guard let domain = try Self.domain(domain, in: connection) else { return nil }
            return try connection.record(
                Project.self, from: Project.table, where: "domain_id = ? AND name = ?",
                [domain.id.column, .text(name)])
        }
    }

    /// What a token of a user says.
    private static func claims(
        for user: User, methods: [String], _ scope: ScopeRequest, lifetime: Int64, from old: TokenClaims?,
        in connection: Connection
    ) throws -> TokenClaims {
        guard user.enabled, let home = try Self.domain(.id(user.domainID.text), in: connection), home.enabled else {
            throw refusal
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
        try setScope(scope, of: user, &claims, in: connection)
        claims.isAdmin = claims.roles.contains { $0.name == "admin" }
        return claims
    }

    private static func setScope(
        _ scope: ScopeRequest, of user: User, _ claims: inout TokenClaims, in connection: Connection
    ) throws {
        switch scope {
        case .unscoped: break
        case .unstated:
            // A default project that is gone or closed to the user leaves the token without scope.
            guard let id = user.defaultProjectID, let project = try Self.project(.id(id.text), in: connection) else {
                break
            }
            try enter(project, of: user, &claims, in: connection)
        case .project(let reference):
            guard let project = try Self.project(reference, in: connection),
                try enter(project, of: user, &claims, in: connection)
            else { throw refusal }
        case .domain(let reference):
            guard let domain = try Self.domain(reference, in: connection), domain.enabled else { throw refusal }
            claims.roles = try connection.roles(of: user.id, .domain, domain.id.text)
            guard !claims.roles.isEmpty else { throw refusal }
            claims.domainID = domain.id
            claims.domainName = domain.name
        case .system:
            claims.roles = try connection.roles(of: user.id, .system, Assignment.wholeSystem)
            guard !claims.roles.isEmpty else { throw refusal }
            claims.isSystem = true
        }
    }

    @discardableResult
    private static func enter(
        _ project: Project, of user: User, _ claims: inout TokenClaims, in connection: Connection
    ) throws -> Bool {
        guard project.enabled, let domain = try Self.domain(.id(project.domainID.text), in: connection), domain.enabled
        else { return false }
        let roles = try connection.roles(of: user.id, .project, project.id.text)
        guard !roles.isEmpty else { return false }
        claims.roles = roles
        claims.projectID = project.id
        claims.projectName = project.name
        claims.projectDomainID = domain.id
        claims.projectDomainName = domain.name
        return true
    }
}

extension Connection {
    /// The roles that a user has at a target, by name, with those that they imply: admin is a member, a member reads.
    func roles(of user: UserID, _ kind: TargetKind, _ target: String) throws -> [RoleClaim] {
        try rows(
            """
            WITH assigned AS (
                SELECT r.name FROM assignments a JOIN roles r ON r.id = a.role_id
                WHERE a.user_id = ? AND a.target_kind = ? AND a.target_id = ?)
            SELECT id, name FROM roles WHERE name IN (SELECT name FROM assigned)
                OR (name = 'member' AND 'admin' IN (SELECT name FROM assigned))
                OR (name = 'reader' AND ('admin' IN (SELECT name FROM assigned)
                    OR 'member' IN (SELECT name FROM assigned)))
            ORDER BY name
            """, [user.column, kind.column, .text(target)]
        ) { row in RoleClaim(id: try row.field(0), name: try row.text(1)) }
    }
}
