import NovaCore

/// A public key as users import it: `type base64 [comment]`, one line of an `authorized_keys` file.
public struct SSHPublicKey: Sendable, Equatable {
    /// The kind of key, such as `ssh-ed25519` or `ssh-rsa`.
    public let type: String
    /// The key in SSH's wire form.
    public let blob: [UInt8]
    public let comment: String

    private static let curves = [
        "ecdsa-sha2-nistp256": ("nistp256", 65), "ecdsa-sha2-nistp384": ("nistp384", 97),
        "ecdsa-sha2-nistp521": ("nistp521", 133),
    ]

    /// Parses and checks one line of text.
    ///
    /// - Throws: ``NovaError`` `badRequest` for anything but one well-formed key of a known type.
    public init(parsing text: String) throws {
        func refuse(_ why: String) -> NovaError {
            NovaError(.badRequest, "Keypair data is invalid: failed to generate fingerprint", details: why)
        }
        var line = Substring(text)
        while let last = line.unicodeScalars.last, " \t\r\n".unicodeScalars.contains(last) {
            line = Substring(line.unicodeScalars.dropLast())
        }
        guard line.utf8.count <= 16_384 else { throw refuse("longer than 16384 bytes") }
        guard line.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 || $0 == "\t" }) else {
            throw refuse("more than one line, or control characters")
        }
        let parts = line.split(maxSplits: 2, whereSeparator: { $0 == " " || $0 == "\t" })
        guard parts.count >= 2 else { throw refuse("neither type nor key") }
        guard let blob = Base64.decode(parts[1]) else { throw refuse("the key is no base64") }
        type = String(parts[0])
        self.blob = blob
        comment = parts.count > 2 ? String(parts[2]) : ""
        guard let fields = Self.fields(of: blob), fields.first == Array(type.utf8) else {
            throw refuse("the key does not match its type")
        }
        guard Self.isWellFormed(type: type, fields: Array(fields.dropFirst())) else {
            throw refuse("unknown key type or malformed key")
        }
    }

    /// The MD5 fingerprint in colon form, as the Compute API shows it.
    public var fingerprint: String {
        let hex = Array(Hex.encode(HashAlgorithm.md5.digest(blob)))
        return stride(from: 0, to: hex.count, by: 2).map { String(hex[$0...$0 + 1]) }.joined(separator: ":")
    }

    /// The line itself.
    public var text: String { "\(type) \(Base64.encode(blob))" + (comment.isEmpty ? "" : " \(comment)") }

    /// SSH's length-prefixed strings; nil when they do not fill the bytes exactly.
    private static func fields(of blob: [UInt8]) -> [[UInt8]]? {
        var fields: [[UInt8]] = []
        var at = 0
        while at < blob.count {
            guard blob.count - at >= 4 else { return nil }
            let length = blob[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
            at += 4
            guard length <= blob.count - at, fields.count < 8 else { return nil }
            fields.append(Array(blob[at..<at + length]))
            at += length
        }
        return fields
    }

    private static func isWellFormed(type: String, fields: [[UInt8]]) -> Bool {
        func isPositive(_ number: [UInt8], atLeastBytes: Int) -> Bool {
            number.count >= atLeastBytes && number.first.map { $0 < 0x80 } == true
        }
        switch type {
        case "ssh-ed25519": return fields.count == 1 && fields[0].count == 32
        case "sk-ssh-ed25519@openssh.com":
            return fields.count == 2 && fields[0].count == 32 && !fields[1].isEmpty
        case "ssh-rsa":
            return fields.count == 2 && isPositive(fields[0], atLeastBytes: 1)
                && isPositive(fields[1], atLeastBytes: 96)
        case "ssh-dss":
            return fields.count == 4 && fields.allSatisfy { isPositive($0, atLeastBytes: 1) }
        case "sk-ecdsa-sha2-nistp256@openssh.com":
            return fields.count == 3 && fields[0] == Array("nistp256".utf8) && fields[1].count == 65
                && fields[1].first == 4 && !fields[2].isEmpty
        default:
            guard let (curve, size) = curves[type], fields.count == 2 else { return false }
            return fields[0] == Array(curve.utf8) && fields[1].count == size && fields[1].first == 4
        }
    }
}
