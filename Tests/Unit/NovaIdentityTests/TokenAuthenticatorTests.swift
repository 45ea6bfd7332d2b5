import Logging
import NovaAuth
import NovaCore
import NovaCrypto
import NovaHTTP
import NovaInterfaces
import Synchronization
import Testing

/// Identity as a test plays it.
private final class ScriptedIdentity: IdentitySource {
    struct State {
        var keys: [VerifyingKey] = []
        var answer = RevocationList.Response()
        var isDown = false
        var keyCalls = 0
    }
    let state = Mutex(State())

    func keys() async throws -> [VerifyingKey] {
        try state.withLock { state in
            state.keyCalls += 1
            guard !state.isDown else { throw NovaError(.noConsumer, "Nobody is there.") }
            return state.keys
        }
    }

    func revocations(after: Int64) async throws -> RevocationList.Response {
        try state.withLock { state in
            guard !state.isDown else { throw NovaError(.noConsumer, "Nobody is there.") }
            return state.answer
        }
    }
}

@Suite struct TokenAuthenticatorTests {
    private let key = SigningKey()
    private let identity = ScriptedIdentity()
    private let log = Logger(label: "test")

    private func token(by key: SigningKey, expires: Timestamp = .now().adding(seconds: 600)) throws -> String {
        var claims = TokenClaims()
        claims.userID = UserID("alice")
        claims.roles = [RoleClaim(id: RoleID("1"), name: "admin")]
        claims.isAdmin = true
        claims.issued = .now()
        claims.expires = expires
        return try TokenSigner(key: key).sign(claims)
    }

    private func code(_ authenticator: TokenAuthenticator, _ token: String) async -> NovaError.Code? {
        do {
            _ = try await authenticator.authenticate(token: token)
            return nil
        } catch {
            return NovaError(error).code
        }
    }

    @Test func validForgedExpiredAndRevoked() async throws {
        identity.state.withLock { $0.keys = [key.verifyingKey] }
        let authenticator = TokenAuthenticator(source: identity, log: log)
        let valid = try token(by: key)
        #expect(try await authenticator.authenticate(token: valid).userID == UserID("alice"))
        #expect(try await code(authenticator, token(by: SigningKey())) == .unauthorized)
        #expect(try await code(authenticator, token(by: key, expires: .now())) == .unauthorized)
        #expect(await code(authenticator, "gAAAAABnonsense") == .unauthorized)
        #expect(await code(authenticator, "") == .unauthorized)
        var revocation = Revocation()
        revocation.sequence = 1
        revocation.subject = .user
        revocation.id = "alice"
        revocation.issuedBefore = .now()
        revocation.expiresAt = .now().adding(seconds: 600)
        authenticator.receive(revocation)
        #expect(await code(authenticator, valid) == .unauthorized)
        #expect(try await code(authenticator, token(by: key)) == nil)
    }

    @Test func withoutIdentityNothingIsTakenForValid() async throws {
        identity.state.withLock { $0.isDown = true }
        let authenticator = TokenAuthenticator(source: identity, log: log)
        #expect(try await code(authenticator, token(by: key)) == .unavailable)
        identity.state.withLock { state in
            state.isDown = false
            state.keys = [key.verifyingKey]
        }
        #expect(try await code(authenticator, token(by: key)) == nil)
    }

    @Test func forgedKeysDoNotFloodIdentity() async throws {
        identity.state.withLock { $0.keys = [key.verifyingKey] }
        let authenticator = TokenAuthenticator(source: identity, log: log)
        for _ in 0..<20 { #expect(try await code(authenticator, token(by: SigningKey())) == .unauthorized) }
        #expect(identity.state.withLock { $0.keyCalls } == 1)
    }

    @Test func aSmallCacheStillAnswersRight() async throws {
        identity.state.withLock { $0.keys = [key.verifyingKey] }
        let authenticator = TokenAuthenticator(source: identity, capacity: 2, log: log)
        let tokens = try (0..<5).map { _ in try token(by: key) }
        for token in tokens + tokens.reversed() { #expect(await code(authenticator, token) == nil) }
    }

    @Test func grantsAreForOneImageAndAccess() async throws {
        let key = key
        let authority = GrantAuthority(keys: { [key.verifyingKey] })
        let image = ImageID.random()
        let grant = Grant(imageID: image, host: "node1", access: .read, expires: .now().adding(seconds: 60))
        let text = try GrantSigner(key: key).sign(grant)
        #expect(try await authority.check(text, image: image, access: .read).host == "node1")
        await #expect(throws: NovaError.self) { try await authority.check(text, image: image, access: .write) }
        await #expect(throws: NovaError.self) { try await authority.check(text, image: .random(), access: .read) }
        await #expect(throws: NovaError.self) { try await authority.check(text + "A", image: image, access: .read) }
    }
}
