import Crypto
public import NovaCore

/// A certificate (X.509) that a process makes for itself, with its key (ECDSA, P-256).
///
/// Nobody vouches for it: peers know it by its ``fingerprint``, which they have from somebody they trust. So it carries a
/// name for those who read logs, and never ends; it is gone with the process.
public struct SelfSignedCertificate: Sendable {
    /// The certificate in DER.
    public let certificate: [UInt8]
    /// The key in PEM (PKCS #8).
    public let privateKey: Secret<String>
    /// SHA-256 of the DER, in hex.
    public let fingerprint: String

    /// Makes a new key and its certificate.
    ///
    /// - Throws: ``NovaError`` `internal` when the library fails.
    public init(name: String) throws {
        let key = P256.Signing.PrivateKey()
        let tbs = Self.content(name: name, publicKey: Array(key.publicKey.derRepresentation))
        do {
            let signature = Array(try key.signature(for: tbs).derRepresentation)
            certificate = DER.sequence([tbs, Self.algorithm, DER.bits(signature)])
        } catch {
            throw NovaError(.internal, "A certificate could not be made.", details: "ecdsa: \(error)")
        }
        privateKey = Secret(key.pemRepresentation)
        fingerprint = Self.fingerprint(of: certificate)
    }

    /// The fingerprint of a certificate in DER.
    public static func fingerprint(of certificate: [UInt8]) -> String {
        Hex.encode(Array(SHA256.hash(data: certificate)))
    }

    /// ecdsa-with-SHA256, 1.2.840.10045.4.3.2.
    private static let algorithm = DER.sequence([DER.identifier([0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02])])

    /// What is signed (RFC 5280, TBSCertificate), with the longest validity that there is.
    private static func content(name: String, publicKey: [UInt8]) -> [UInt8] {
        // Positive and not 0: the first bits are 01.
        var serial = RandomBytes.make(16)
        serial[0] = serial[0] & 0x3F | 0x40
        let commonName = DER.sequence([
            DER.identifier([0x55, 0x04, 0x03]), DER.value(0x0C, Array(name.utf8.prefix(64))),
        ])
        let subject = DER.sequence([DER.value(0x31, commonName)])
        let validity = DER.sequence([
            DER.value(0x17, Array("700101000000Z".utf8)), DER.value(0x18, Array("99991231235959Z".utf8)),
        ])
        let version = DER.value(0xA0, DER.value(0x02, [2]))
        return DER.sequence([
            version, DER.value(0x02, serial), algorithm, subject, validity, subject, publicKey,
        ])
    }
}

/// The few forms of DER (X.690) that a certificate needs.
private enum DER {
    /// A tag, the length and the content.
    static func value(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        var length: [UInt8] = []
        var rest = content.count
        if rest < 0x80 {
            length = [UInt8(rest)]
        } else {
            while rest > 0 {
                length.insert(UInt8(rest & 0xFF), at: 0)
                rest >>= 8
            }
            length.insert(0x80 | UInt8(length.count), at: 0)
        }
        return [tag] + length + content
    }

    static func sequence(_ parts: [[UInt8]]) -> [UInt8] { value(0x30, parts.flatMap(\.self)) }
    static func identifier(_ bytes: [UInt8]) -> [UInt8] { value(0x06, bytes) }
    /// Whole bytes as a string of bits.
    static func bits(_ bytes: [UInt8]) -> [UInt8] { value(0x03, [0] + bytes) }
}
