import Crypto

/// The digests that the system uses.
public enum HashAlgorithm: String, Sendable, CaseIterable {
    /// For fingerprints and checksums that old interfaces ask for; never for trust.
    case md5
    /// Only for the oldest signatures of EC2 clients.
    case sha1
    case sha256
    case sha512

    /// The digest of bytes that are in memory.
    public func digest(_ bytes: [UInt8]) -> [UInt8] {
        switch self {
        case .md5: Array(Insecure.MD5.hash(data: bytes))
        case .sha1: Array(Insecure.SHA1.hash(data: bytes))
        case .sha256: Array(SHA256.hash(data: bytes))
        case .sha512: Array(SHA512.hash(data: bytes))
        }
    }

    /// The keyed digest (RFC 2104) of bytes.
    public func authenticationCode(of bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        let key = SymmetricKey(data: key)
        switch self {
        case .md5: return Array(HMAC<Insecure.MD5>.authenticationCode(for: bytes, using: key))
        case .sha1: return Array(HMAC<Insecure.SHA1>.authenticationCode(for: bytes, using: key))
        case .sha256: return Array(HMAC<SHA256>.authenticationCode(for: bytes, using: key))
        case .sha512: return Array(HMAC<SHA512>.authenticationCode(for: bytes, using: key))
        }
    }
}
