import Crypto
import CryptoExtras
public import NovaCore

/// Salted, slow password hashes: `pbkdf2-sha256$rounds$salt$hash`, salt and hash in URL base64.
///
/// Making or checking one takes tens to hundreds of milliseconds of CPU: call it on a thread of its own.
public enum PasswordHash {
    /// Rounds of a new hash unless the operator says otherwise.
    public static let defaultRounds = 300_000
    /// A stored hash that claims more is refused: it would stop the service.
    static let maximumRounds = 10_000_000
    private static let scheme = "pbkdf2-sha256"

    /// A hash of a password with fresh salt.
    ///
    /// - Throws: ``NovaError`` `internal` when the derivation fails.
    public static func make(_ password: Secret<String>, rounds: Int = defaultRounds) throws -> String {
        let rounds = min(max(rounds, 1), maximumRounds)
        let salt = RandomBytes.make(16)
        let hash = try derive(Array(password.reveal().utf8), salt: salt, rounds: rounds, count: 32)
        return "\(scheme)$\(rounds)$\(Base64.encodeURL(salt))$\(Base64.encodeURL(hash))"
    }

    /// Whether a password is the one that a stored hash was made of; false for text that is no such hash.
    public static func verify(_ password: Secret<String>, against stored: String) -> Bool {
        let parts = stored.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == scheme, let rounds = Int(parts[1]), (1...maximumRounds).contains(rounds),
            let salt = Base64.decodeURL(parts[2]), let hash = Base64.decodeURL(parts[3]), hash.count == 32
        else { return false }
        do {
            let made = try derive(Array(password.reveal().utf8), salt: salt, rounds: rounds, count: hash.count)
            return ConstantTime.equal(made, hash)
        } catch {
            return false
        }
    }

    /// PBKDF2 with HMAC-SHA-256 (RFC 8018).
    ///
    /// - Throws: ``NovaError`` `internal` when the library refuses its arguments.
    static func derive(_ password: [UInt8], salt: [UInt8], rounds: Int, count: Int) throws -> [UInt8] {
        do {
            let key = try KDF.Insecure.PBKDF2.deriveKey(
                from: password, salt: salt, using: .sha256, outputByteCount: count, unsafeUncheckedRounds: rounds)
            return key.withUnsafeBytes { Array($0) }
        } catch {
            throw NovaError(.internal, "A password could not be processed.", details: "pbkdf2: \(error)")
        }
    }
}
