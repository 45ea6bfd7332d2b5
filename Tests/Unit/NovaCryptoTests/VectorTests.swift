import NovaCore
import Testing

@testable import NovaCrypto

/// Answers that others published.
@Suite struct VectorTests {
    private func bytes(_ hex: String) throws -> [UInt8] { try #require(Hex.decode(hex)) }

    @Test func digests() {
        let abc = Array("abc".utf8)
        #expect(Hex.encode(HashAlgorithm.md5.digest(abc)) == "900150983cd24fb0d6963f7d28e17f72")
        #expect(
            Hex.encode(HashAlgorithm.sha256.digest(abc))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(Hex.encode(HashAlgorithm.sha512.digest(abc)).hasPrefix("ddaf35a193617abacc417349ae204131"))
    }

    @Test func piecesGiveTheSameDigestAsTheWhole() {
        func check<H: StreamHasher>(_ type: H.Type, _ algorithm: HashAlgorithm) {
            var hasher = H()
            let content = RandomBytes.make(10_000)
            for start in stride(from: 0, to: content.count, by: 333) {
                let piece = Array(content[start..<min(start + 333, content.count)])
                if start.isMultiple(of: 2) {
                    hasher.update(piece)
                } else {
                    piece.withUnsafeBytes { hasher.update($0) }
                }
            }
            #expect(hasher.digest() == algorithm.digest(content))
        }
        check(MD5Hasher.self, .md5)
        check(SHA256Hasher.self, .sha256)
        check(SHA512Hasher.self, .sha512)
    }

    /// RFC 4231, test case 2.
    @Test func keyedDigest() {
        let code = HashAlgorithm.sha256.authenticationCode(
            of: Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        #expect(Hex.encode(code) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    /// RFC 7914, section 11.
    @Test func passwordDerivation() throws {
        let derived = try PasswordHash.derive(Array("passwd".utf8), salt: Array("salt".utf8), rounds: 1, count: 64)
        #expect(
            Hex.encode(derived)
                == "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
                + "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783")
    }

    /// RFC 8032, section 7.1, tests 1 and 2.
    @Test(arguments: [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                + "d25bf5f0595bbe24655141438e7a100b"
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
                + "387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ])
    func signatures(seed: String, publicKey: String, message: String, signature: String) throws {
        let key = try SigningKey(seed: Secret(bytes(seed)))
        #expect(Hex.encode(key.verifyingKey.bytes) == publicKey)
        #expect(key.verifyingKey.isValid(signature: try bytes(signature), of: try bytes(message)))
        // The library may add randomness to signatures: ours must verify, not be equal.
        let made = try key.sign(bytes(message))
        #expect(key.verifyingKey.isValid(signature: made, of: try bytes(message)))
        #expect(!key.verifyingKey.isValid(signature: made, of: try bytes(message) + [0]))
    }

    /// RFC 4648, section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ])
    func base64(plain: String, text: String) {
        #expect(Base64.encode(Array(plain.utf8)) == text)
        #expect(Base64.decode(text) == Array(plain.utf8))
    }

    @Test func base64IsStrict() {
        for text in ["Zg", "Zg=", "Zh==", "Z g=", "Zg==Zg==", "Z===", "Zm9v\n"] { #expect(Base64.decode(text) == nil) }
        #expect(Base64.decode("Zm\r\n9v", ignoringLineBreaks: true) == Array("foo".utf8))
        #expect(Base64.encodeURL([0xFB, 0xFF]) == "-_8")
        #expect(Base64.decodeURL("-_8") == [0xFB, 0xFF])
        #expect(Base64.decodeURL("-_9") == nil)
        #expect(Base64.decodeURL("+/8") == nil)
    }
}
