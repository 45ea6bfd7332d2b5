import Glibc
import NovaCore
import NovaCrypto
import NovaHTTPClient
import NovaSchema
import Testing

@testable import NovaIdentity

@Suite struct KeyRotationTests {
    @Test func aNewKeySignsWhenAllKnowIt() throws {
        let now = Timestamp.now()
        let old = TokenKey(key: SigningKey(), created: Timestamp(microseconds: 0))
        let new = TokenKey(key: SigningKey(), created: now)
        let ring = try KeyRing([old])
        #expect(ring.signer(at: now).verifyingKey.id == old.key.id)
        #expect(ring.replace([old, new]))
        #expect(!ring.replace([new, old]))
        #expect(!ring.replace([]))
        #expect(Set(ring.verifyingKeys.map(\.id)) == [old.key.id, new.key.id])
        #expect(ring.signer(at: now.adding(seconds: 29)).verifyingKey.id == old.key.id)
        #expect(ring.signer(at: now.adding(seconds: 30)).verifyingKey.id == new.key.id)
        // A service that starts for the first time has nobody to tell.
        #expect(try KeyRing([new]).signer(at: now).verifyingKey.id == new.key.id)
        #expect(throws: NovaError.self) { try KeyRing([]) }
    }

    @Test func theFileKeepsKeysAsLongAsTheirTokensLive() throws {
        let folder = "/tmp/nova-identity-keys-\(UUID128.random().hex)"
        #expect(mkdir(folder, 0o700) == 0)
        defer {
            unlink("\(folder)/identity-key")
            rmdir(folder)
        }
        let file = TokenKeyFile(statePath: folder)
        #expect(throws: NovaError.self) { try file.rotate(tokenLifetime: 3600) }
        let first = try #require(try file.loadOrCreate().first)
        let start = Timestamp.now()
        #expect(try file.rotate(tokenLifetime: 3600, now: start) == 2)
        #expect(try file.loadOrCreate().contains { $0.key.id == first.key.id })
        #expect(try file.rotate(tokenLifetime: 3600, now: start.adding(seconds: 1800)) == 3)
        // The first key's last token was issued half a minute after the second key came.
        #expect(try file.rotate(tokenLifetime: 3600, now: start.adding(seconds: 4300)) == 3)
        #expect(try !file.loadOrCreate().contains { $0.key.id == first.key.id })
        var status = stat()
        #expect(stat("\(folder)/identity-key", &status) == 0 && status.st_mode & 0o777 == 0o600)
    }

    @Test func nobodyIsLoggedOut() async throws {
        try await IdentityFixture.with { identity in
            let before = try await identity.adminToken()
            let present = identity.core.keys.signer(at: .now()).verifyingKey
            let coming = TokenKey(key: SigningKey(), created: .now())
            let known = try #require(identity.keys.first)
            #expect(known.key.id == present.id)
            let isTaken = try await identity.core.take([known, coming])
            #expect(isTaken)
            #expect(try await identity.send("GET", "/v3/auth/projects", token: before).status == 200)
            // Half a minute later: the new one signs, the old one's tokens stay good.
            let young = TokenKey(key: SigningKey(), created: .now().adding(seconds: -60))
            let isTakenToo = try await identity.core.take([known, young])
            #expect(isTakenToo)
            #expect(identity.core.keys.signer.verifyingKey.id == young.key.id)
            let after = try await identity.adminToken()
            for token in [before, after] {
                #expect(try await identity.send("GET", "/v3/auth/projects", token: token).status == 200)
            }
        }
    }
}
