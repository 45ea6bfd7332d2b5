import NovaCore
import NovaCrypto
import NovaWire
import Testing

@Suite struct SignedRecordTests {
    private let key = SigningKey()

    private func claims(expires: Timestamp = .now().adding(seconds: 60)) -> TokenClaims {
        var claims = TokenClaims()
        claims.tokenID = .random()
        claims.userID = .random()
        claims.userName = "alice"
        claims.projectID = .random()
        claims.roles = [RoleClaim(id: .random(), name: "member")]
        claims.expires = expires
        return claims
    }

    @Test func roundTrip() throws {
        let original = claims()
        let text = try TokenSigner(key: key).sign(original)
        let read = try TokenVerifier(keys: [key.verifyingKey]).verify(text)
        #expect(text.hasPrefix("nv1."))
        #expect(read.userID == original.userID && read.roles == original.roles && read.keyID == key.id)
    }

    @Test func everyChangedCharacterIsRefused() throws {
        let text = Array(try TokenSigner(key: key).sign(claims()).utf8)
        let verifier = TokenVerifier(keys: [key.verifyingKey])
        for index in text.indices {
            var changed = text
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: SignatureError.self) { try verifier.verify(String(decoding: changed, as: UTF8.self)) }
        }
        for count in 0..<text.count {
            #expect(throws: SignatureError.self) {
                try verifier.verify(String(decoding: text[..<count], as: UTF8.self))
            }
        }
    }

    @Test func expiryAndKeys() throws {
        let now = Timestamp.now()
        let text = try TokenSigner(key: key).sign(claims(expires: now))
        let verifier = TokenVerifier(keys: [key.verifyingKey])
        #expect(throws: SignatureError.expired) { try verifier.verify(text, now: now) }
        _ = try verifier.verify(text, now: now, allowExpired: true)
        _ = try verifier.verify(text, now: now.adding(seconds: -1))
        #expect(throws: SignatureError.unknownKey(key.id)) {
            try TokenVerifier(keys: [SigningKey().verifyingKey]).verify(text, now: now.adding(seconds: -1))
        }
    }

    @Test func aGrantIsNoToken() throws {
        let grant = Grant(imageID: .random(), host: "node1", access: .read, expires: .now().adding(seconds: 60))
        let text = try GrantSigner(key: key).sign(grant)
        #expect(try GrantVerifier(keys: [key.verifyingKey]).verify(text).host == "node1")
        let verifier = TokenVerifier(keys: [key.verifyingKey])
        #expect(throws: SignatureError.malformed) { try verifier.verify(text) }
        // The same bytes under the other kind's name.
        #expect(throws: SignatureError.self) { try verifier.verify("nv1" + text.dropFirst(3)) }
    }

    @Test func secretsArePrintedNowhere() { #expect("\(key)".hasSuffix("***)")) }
}
