import Crypto
import NovaCore

/// An Ed25519 public key (RFC 8032).
public struct VerifyingKey: Sendable, Hashable, CustomStringConvertible {
    private let key: Curve25519.Signing.PublicKey
    /// The 32 bytes of the key.
    public let bytes: [UInt8]
    /// A short name: the first 16 hex digits of the key's SHA-256.
    public let id: String

    /// The key of 32 bytes.
    ///
    /// - Throws: ``NovaError`` `malformed` for another length.
    public init(bytes: [UInt8]) throws {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else {
            throw NovaError(.malformed, "A public key is not valid.", details: "An Ed25519 public key has 32 bytes.")
        }
        self.init(key)
    }

    init(_ key: Curve25519.Signing.PublicKey) {
        self.key = key
        bytes = Array(key.rawRepresentation)
        id = Hex.encode(HashAlgorithm.sha256.digest(bytes).prefix(8))
    }

    /// Whether a signature of a message was made with the private half.
    public func isValid(signature: [UInt8], of message: [UInt8]) -> Bool {
        key.isValidSignature(signature, for: message)
    }

    public static func == (a: VerifyingKey, b: VerifyingKey) -> Bool { a.bytes == b.bytes }
    public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
    public var description: String { "VerifyingKey(\(id))" }
}
