import Logging
import NovaAuth
import NovaCore
import NovaCrypto
import NovaDatabase
import NovaHTTP
import NovaInterfaces

/// The parts of the service that need neither socket nor queue.
final class IdentityCore: Sendable {
    let store: IdentityStore
    let authenticator: TokenAuthenticator
    let issuer: TokenIssuer
    private let passwords: PasswordDesk
    private let sealer: TextSealer
    private let settings: IdentitySettings
    let keys: KeyRing

    /// - Parameters:
    ///   - tokenLifetime: in seconds.
    ///   - passwordThreads: how many logins are checked at a time.
    ///   - sealingKey: 32 bytes that keep the credentials in the database secret.
    init(
        database: Database, keys: [TokenKey], sealingKey: Secret<[UInt8]>, tokenLifetime: Int64, passwordRounds: Int,
        passwordThreads: Int = 1, settings: IdentitySettings = IdentitySettings(), log: Logger
    ) throws {
        self.keys = try KeyRing(keys)
        sealer = try TextSealer(key: sealingKey)
        self.settings = settings
        store = IdentityStore(database: database, tokenLifetime: tokenLifetime)
        authenticator = TokenAuthenticator(source: LocalIdentity(store: store, keyRing: self.keys), log: log)
        passwords = try PasswordDesk(threads: passwordThreads, rounds: passwordRounds)
        issuer = TokenIssuer(
            store: store, keys: self.keys, authenticator: authenticator, passwords: passwords,
            lifetime: tokenLifetime)
        announce { _ in }
    }

    /// The APIs to serve.
    var apis: [API] {
        let api = IdentityAPI(
            store: store, issuer: issuer, authenticator: authenticator, passwords: passwords, sealer: sealer,
            settings: settings)
        return [api.root, api.versionThree]
    }

    /// The public keys, as others ask for them.
    var publicKeys: IdentityKeys.Response {
        var answer = IdentityKeys.Response()
        answer.keys = keys.verifyingKeys.map { PublicKeyRecord(keyID: $0.id, publicKey: $0.bytes) }
        return answer
    }

    /// Takes other keys of tokens, and verifies with them from now on.
    ///
    /// - Returns: whether they were other ones.
    func take(_ keys: [TokenKey]) async throws -> Bool {
        guard self.keys.replace(keys) else { return false }
        try await authenticator.refresh()
        return true
    }

    /// Calls this with each revocation, after this process has taken it to heart.
    func announce(_ tell: @escaping @Sendable (Revocation) async -> Void) {
        store.onRevocation { [authenticator] revocations in
            for revocation in revocations { authenticator.receive(revocation) }
            for revocation in revocations { await tell(revocation) }
        }
    }

    /// Makes what a new cloud needs; `password` is asked only when there is no user yet.
    func prepare(_ bootstrap: Bootstrap, password: () throws -> Secret<String>) async throws {
        if try await Bootstrap.isNeeded(store) {
            let hash = try await passwords.hash(password())
            try await bootstrap.makeAdministrator(store, passwordHash: hash)
        }
        try await bootstrap.updateCatalog(store)
    }
}
