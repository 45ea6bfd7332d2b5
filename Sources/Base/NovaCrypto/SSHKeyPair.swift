public import NovaCore

/// A new Ed25519 key pair for a user: the public line for guests, the private file for `ssh -i`.
public struct SSHKeyPair: Sendable {
    /// `ssh-ed25519 AAAA… comment`.
    public let publicKey: String
    /// The private key in the OpenSSH format, unencrypted; shown to the user once and never stored.
    public let privateKey: Secret<String>
    /// MD5 in colon form.
    public let fingerprint: String

    /// A new random pair.
    ///
    /// - Throws: ``NovaError`` `badRequest` when the comment has characters that a key line cannot hold.
    public static func generate(comment: String = "Generated-by-Nova") throws -> SSHKeyPair {
        var check: UInt64 = 0
        for byte in RandomBytes.make(4) { check = check << 8 | UInt64(byte) }
        return try SSHKeyPair(key: SigningKey(), comment: comment, check: UInt32(check))
    }

    init(key: SigningKey, comment: String, check: UInt32) throws {
        let type = Array("ssh-ed25519".utf8)
        let publicBytes = key.verifyingKey.bytes
        let blob = Self.field(type) + Self.field(publicBytes)
        let line = "ssh-ed25519 \(Base64.encode(blob))" + (comment.isEmpty ? "" : " \(comment)")
        let parsed = try SSHPublicKey(parsing: line)

        // OpenSSH's own container: cipher, key derivation and its options, then public and private sections. The
        // private one starts with the same number twice and is padded with 1, 2, 3, … to the cipher's block of 8.
        var secret = Self.number(check) + Self.number(check) + blob
        secret += Self.field(key.seed.reveal() + publicBytes) + Self.field(Array(comment.utf8))
        var padding: UInt8 = 1
        while !secret.count.isMultiple(of: 8) {
            secret.append(padding)
            padding += 1
        }
        var container = Array("openssh-key-v1".utf8) + [0]
        container += Self.field(Array("none".utf8)) + Self.field(Array("none".utf8)) + Self.field([])
        container += Self.number(1) + Self.field(blob) + Self.field(secret)

        let body = Array(Base64.encode(container).utf8)
        var pem = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
        for start in stride(from: 0, to: body.count, by: 70) {
            pem += String(decoding: body[start..<min(start + 70, body.count)], as: UTF8.self) + "\n"
        }
        pem += "-----END OPENSSH PRIVATE KEY-----\n"
        publicKey = line
        privateKey = Secret(pem)
        fingerprint = parsed.fingerprint
    }

    private static func number(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
    private static func field(_ bytes: [UInt8]) -> [UInt8] { number(UInt32(truncatingIfNeeded: bytes.count)) + bytes }
}
