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
    private let keys: KeyRing
    private let authenticator: TokenAuthenticator
    private let passwords: PasswordDesk
    private let limiter = LoginLimiter()
    private let lifetime: Int64

    /// - Parameter lifetime: how long a token is valid, in seconds.
    init(
        store: IdentityStore, keys: KeyRing, authenticator: TokenAuthenticator, passwords: PasswordDesk,
        lifetime: Int64
    ) {
        self.store = store
        self.keys = keys
        self.authenticator = authenticator
        self.passwords = passwords
        self.lifetime = lifetime
    }

    /// A token for valid credentials.
    ///
    /// - Throws: ``NovaError`` `unauthorized` for any others, `notFound` for a token that is not valid; `unavailable`
    ///   when too many log in at once.
    func issue(_ request: AuthRequest) async throws -> (token: String, claims: TokenClaims) {
        let claims =
            switch request.credentials {
            case .password(let reference, let password): try await login(reference, password, request.scope)
            case .token(let token): try await rescope(token, request.scope)
            case .applicationCredential(let reference, let secret): try await login(reference, secret)
            }
        return (try keys.signer.sign(claims), claims)
    }

    /// A token for a user whose request was signed with a key of theirs.
    ///
    /// - Throws: ``NovaError`` `unauthorized` when the user may not enter the project.
    func issue(
        signedBy user: UserID, project: ProjectID?, applicationCredential: String?
    ) async throws -> (token: String, claims: TokenClaims) {
        let claims = try await store.change { [lifetime] connection, _ in
            guard let user = try connection.present(User.self, user.text) else { throw Self.refusal }
            if let id = applicationCredential {
                guard let credential = try connection.present(ApplicationCredential.self, id) else {
                    throw Self.refusal
                }
                return try ClaimsMaker(connection, lifetime: lifetime).claims(
                    for: user, with: credential, methods: ["ec2credential"])
            }
            let scope = project.map { ScopeRequest.project(.id($0.text)) } ?? .unscoped
            return try ClaimsMaker(connection, lifetime: lifetime).claims(
                for: user, methods: ["ec2credential"], scope, from: nil)
        }
        return (try keys.signer.sign(claims), claims)
    }

    private func login(
        _ reference: Reference, _ password: Secret<String>, _ scope: ScopeRequest
    ) async throws -> TokenClaims {
        let user = try await store.read { try $0.user(reference) }
        guard try await isRight(password, of: user?.passwordHash, named: "\(reference)"), let user else {
            throw Self.refusal
        }
        return try await store.change { [lifetime] connection, _ in
            // Disabled, deleted or given another password since it was looked up.
            guard let present = try connection.present(User.self, user.id.text),
                present.passwordHash == user.passwordHash
            else { throw Self.refusal }
            return try ClaimsMaker(connection, lifetime: lifetime).claims(
                for: present, methods: ["password"], scope, from: nil)
        }
    }

    private func login(
        _ reference: ApplicationCredentialReference, _ secret: Secret<String>
    ) async throws -> TokenClaims {
        let found = try await store.read { try $0.applicationCredential(reference) }
        guard try await isRight(secret, of: found?.secretHash, named: "\(reference)"), let found else {
            throw Self.refusal
        }
        return try await store.change { [lifetime] connection, _ in
            guard let credential = try connection.present(ApplicationCredential.self, found.id),
                let user = try connection.present(User.self, credential.userID.text)
            else { throw Self.refusal }
            return try ClaimsMaker(connection, lifetime: lifetime).claims(
                for: user, with: credential, methods: ["application_credential"])
        }
    }

    /// Whether a password is a user's, with the same limits as a login; false when there is no such user.
    func isRight(_ password: Secret<String>, of user: User?, named id: String) async throws -> Bool {
        try await isRight(password, of: user?.passwordHash, named: "\(Reference.id(id))")
    }

    private func isRight(
        _ password: Secret<String>, of hash: Secret<String>?, named name: String
    ) async throws -> Bool {
        guard name.utf8.count <= 1024, limiter.admit(name) else { throw Self.refusal }
        let isRight = try await passwords.verify(password, against: hash)
        limiter.finish(name, succeeded: isRight)
        return isRight
    }

    private func rescope(_ token: Secret<String>, _ scope: ScopeRequest) async throws -> TokenClaims {
        let old: TokenClaims
        do {
            old = try await authenticator.claims(of: token.reveal())
        } catch let error as NovaError where error.code == .unauthorized {
            throw NovaError(.notFound, "Failed to validate token", details: error.details)
        }
        guard old.applicationCredential == nil else {
            throw IdentityAPI.forbidden("rescope a token of an application credential")
        }
        return try await store.change { [lifetime] connection, _ in
            guard let user = try connection.present(User.self, old.userID.text) else { throw Self.refusal }
            let methods = old.methods.contains("token") ? old.methods : old.methods + ["token"]
            return try ClaimsMaker(connection, lifetime: lifetime).claims(
                for: user, methods: methods, scope, from: old)
        }
    }
}
