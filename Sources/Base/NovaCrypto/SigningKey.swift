import Crypto
public import NovaCore

/// An Ed25519 private key (RFC 8032).
///
/// It prints as `***`.
public struct SigningKey: Sendable, CustomStringConvertible, CustomReflectable {
    private let key: Curve25519.Signing.PrivateKey
    /// The public half.
    public let verifyingKey: VerifyingKey

    /// A new random key.
    public init() { self.init(Curve25519.Signing.PrivateKey()) }

    /// The key of a 32-byte seed.
    ///
    /// - Throws: ``NovaError`` `malformed` for another length.
    public init(seed: Secret<[UInt8]>) throws {
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed.reveal()) else {
            throw NovaError(.malformed, "A signing key is not valid.", details: "An Ed25519 seed has 32 bytes.")
        }
        self.init(key)
    }

    private init(_ key: Curve25519.Signing.PrivateKey) {
        self.key = key
        verifyingKey = VerifyingKey(key.publicKey)
    }

    /// The 32 bytes that the key is made of, for storing it.
    public var seed: Secret<[UInt8]> { Secret(Array(key.rawRepresentation)) }
    /// The name of the key: that of its public half.
    public var id: String { verifyingKey.id }

    /// The 64-byte signature of a message.
    ///
    /// - Throws: ``NovaError`` `internal` when the library fails.
    public func sign(_ message: [UInt8]) throws -> [UInt8] {
        do {
            return Array(try key.signature(for: message))
        } catch {
            throw NovaError(.internal, "A signature could not be made.", details: "ed25519: \(error)")
        }
    }

    public var description: String { "SigningKey(\(id), ***)" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
