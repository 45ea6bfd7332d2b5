import NovaCore
import NovaCrypto
import Testing

@Suite struct SSHKeyTests {
    /// Made by `ssh-keygen`; its fingerprint is what `ssh-keygen -l -E md5` printed for it.
    private let known = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA2Ek0ghT9XFXxTTF/RbdCcYe+vWE/EBdcyhMr3QJ/xt known"
    private let knownFingerprint = "29:6d:57:d3:c6:88:51:a6:6c:e1:18:00:15:4c:0a:3d"

    @Test func fingerprintIsThatOfOpenSSH() throws {
        let key = try SSHPublicKey(parsing: known)
        #expect(key.fingerprint == knownFingerprint)
        #expect(try SSHPublicKey(parsing: known + "\n").text == known)
    }

    @Test func generatedPairIsWellFormed() throws {
        let pair = try SSHKeyPair.generate()
        #expect(try SSHPublicKey(parsing: pair.publicKey).fingerprint == pair.fingerprint)
        let lines = pair.privateKey.reveal().split(separator: "\n")
        #expect(lines.first == "-----BEGIN OPENSSH PRIVATE KEY-----")
        #expect(lines.last == "-----END OPENSSH PRIVATE KEY-----")
        let body = try #require(Base64.decode(lines.dropFirst().dropLast().joined()))
        #expect(body.starts(with: Array("openssh-key-v1".utf8) + [0]))
        #expect("\(pair.privateKey)" == "***")
    }

    @Test(arguments: [
        "", "ssh-ed25519", "ssh-ed25519 ????", "ssh-ed25519 AAAA", "ssh-rsa AAAAC3NzaC1lZDI1NTE5",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA", "bad-type AAAACGJhZC10eXBl",
    ])
    func otherTextIsRefused(text: String) {
        #expect(throws: NovaError.self) { try SSHPublicKey(parsing: text) }
        #expect(throws: NovaError.self) { try SSHPublicKey(parsing: known + "\n" + known + text) }
    }
}
