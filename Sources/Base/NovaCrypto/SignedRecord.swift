public import NovaCore
public import NovaWire

/// A record that travels as signed text: `prefix.base64url(record).base64url(signature)`.
public protocol SignedRecord: Record {
    /// What the text starts with, without the dot. It is part of what is signed, so that text of one kind never
    /// passes for another.
    static var prefix: String { get }
    /// The longest text that is looked at, in bytes.
    static var maximumTextLength: Int { get }
    /// The name of the key that signed; the signer sets it.
    var keyID: String { get set }
    /// When the text ends to be valid.
    var expires: Timestamp { get }
}

/// Why signed text was refused.
public enum SignatureError: Error, Equatable, Sendable {
    /// Not text of this kind.
    case malformed
    /// Signed with a key that the verifier does not have; it may be new.
    case unknownKey(String)
    case badSignature
    case expired
}

/// Makes signed text of records of one kind.
public struct RecordSigner<Content: SignedRecord>: Sendable {
    private let key: SigningKey

    public init(key: SigningKey) { self.key = key }

    /// The public half of the signer's key, for verifiers.
    public var verifyingKey: VerifyingKey { key.verifyingKey }

    /// The record as signed text, its key id set to the signer's.
    ///
    /// - Throws: ``NovaError`` `internal` when the signature cannot be made.
    public func sign(_ content: Content) throws -> String {
        var content = content
        content.keyID = key.id
        let bytes = content.encoded()
        let signature = try key.sign(Array("\(Content.prefix).".utf8) + bytes)
        return "\(Content.prefix).\(Base64.encodeURL(bytes)).\(Base64.encodeURL(signature))"
    }
}

/// Checks signed text of records of one kind against a set of public keys.
public struct RecordVerifier<Content: SignedRecord>: Sendable {
    private let keys: [String: VerifyingKey]

    public init(keys: [VerifyingKey]) {
        self.keys = Dictionary(keys.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The names of the keys it trusts.
    public var keyIDs: Set<String> { Set(keys.keys) }

    /// The record in signed text, once its signature and its expiry have been checked.
    public func verify(
        _ text: String, now: Timestamp = .now(), allowExpired: Bool = false
    ) throws(SignatureError) -> Content {
        guard text.utf8.count <= Content.maximumTextLength else { throw .malformed }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == Content.prefix, let bytes = Base64.decodeURL(parts[1]),
            let signature = Base64.decodeURL(parts[2]), signature.count == 64
        else { throw .malformed }
        let content: Content
        do { content = try Content(decoding: bytes) } catch { throw .malformed }
        guard let key = keys[content.keyID] else { throw .unknownKey(content.keyID) }
        guard key.isValid(signature: signature, of: Array("\(Content.prefix).".utf8) + bytes) else {
            throw .badSignature
        }
        guard allowExpired || content.expires > now else { throw .expired }
        return content
    }
}
