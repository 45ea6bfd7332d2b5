import Logging
import NovaAuth
import NovaCore
import NovaHTTP
import NovaHTTPClient
import NovaInterfaces
import NovaSchema
import Synchronization
import Testing

@testable import NovaIdentity

/// Services that ask a Keystone over HTTP; our own Identity API plays it.
@Suite struct KeystoneAuthenticatorTests {
    private func authenticator(
        _ url: String, password: String = "secret", cacheTime: Duration = .seconds(300)
    ) -> KeystoneAuthenticator {
        KeystoneAuthenticator(
            .init(
                .init(
                    url: url, username: "admin", password: Secret(password), projectName: "admin",
                    timeout: .seconds(5)), cacheTime: cacheTime),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func code(_ authenticator: KeystoneAuthenticator, _ token: String) async -> NovaError.Code? {
        do {
            _ = try await authenticator.authenticate(token: token)
            return nil
        } catch {
            return NovaError(error).code
        }
    }

    /// Runs a body, and closes the authenticator's connections.
    private func with(
        _ authenticator: KeystoneAuthenticator, _ body: (KeystoneAuthenticator) async throws -> Void
    ) async throws {
        let run = Task { await authenticator.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(authenticator)) } catch { result = .failure(error) }
        run.cancel()
        await run.value
        try result.get()
    }

    @Test func validUnknownAndRevokedTokens() async throws {
        try await IdentityFixture.with { identity in
            let admin = try await identity.adminToken()
            try await with(authenticator(identity.url, cacheTime: .zero)) { keystone in
                let caller = try await keystone.authenticate(token: admin)
                #expect(caller.userName == "admin" && caller.projectName == "admin" && caller.isAdmin)
                #expect(caller.roles == ["admin", "manager", "member", "reader"])
                #expect(caller.projectDomainID == DomainID("default") && caller.accessRules == nil)
                #expect(await code(keystone, "gAAAAA") == .unauthorized)
                #expect(await code(keystone, "with a space") == .unauthorized)
                _ = try await identity.send("DELETE", "/v3/auth/tokens", token: admin, subject: admin)
                #expect(await code(keystone, admin) == .unauthorized)
            }
        }
    }

    @Test func itsOwnTokenIsRenewed() async throws {
        try await IdentityFixture.with { identity in
            let other = try await identity.adminToken()
            try await with(authenticator("\(identity.url)/v3/", cacheTime: .zero)) { keystone in
                #expect(await code(keystone, other) == nil)
                let users = try await identity.send("GET", "/v3/users?name=admin", token: other).json()
                let user = try #require(users["users"]?[0]?["id"]?.stringValue)
                try await identity.core.store.change { connection, revoker in
                    try revoker.revoke(.user, user, in: connection)
                }
                #expect(await code(keystone, other) == .unauthorized)
                let fresh = try await identity.adminToken()
                #expect(await code(keystone, fresh) == nil)
            }
        }
    }

    @Test func anAnswerIsRememberedWhileKeystoneIsDown() async throws {
        let kept = Mutex<[(keystone: KeystoneAuthenticator, known: String, unknown: String)]>([])
        try await IdentityFixture.with { identity in
            let known = try await identity.adminToken()
            let unknown = try await identity.adminToken()
            let keystone = authenticator(identity.url)
            #expect(await code(keystone, known) == nil)
            kept.withLock { $0.append((keystone, known, unknown)) }
        }
        // The servers are gone by now.
        for (keystone, known, unknown) in kept.withLock({ $0 }) {
            try await with(keystone) { keystone in
                #expect(await code(keystone, known) == nil)
                #expect(await code(keystone, unknown) == .unavailable)
            }
        }
    }

    @Test func aWrongPasswordIsNoRefusalOfTheCaller() async throws {
        try await IdentityFixture.with { identity in
            let token = try await identity.adminToken()
            try await with(authenticator(identity.url, password: "wrong")) { keystone in
                #expect(await code(keystone, token) == .unavailable)
            }
        }
    }
}
