import CZeroMQ
import Glibc
public import NovaCore

/// A process's keys on the queue, and who they were made for.
///
/// The file has lines `name = value`: `public`, `secret`, and for the keys of clients `role` and `host`.
public struct CurveKeyPair: Sendable, Equatable {
    public let publicKey: CurvePublicKey
    public let secretKey: Secret<String>
    /// The role the key was made for; empty when nobody said.
    public var role = ""
    /// The host the key was made for; empty when nobody said.
    public var host = ""

    /// A new pair.
    ///
    /// Its public key begins with a letter or digit, so that it can be an argument of a command.
    public init() throws {
        for _ in 0..<1_000 {
            var publicText = [CChar](repeating: 0, count: CurvePublicKey.textLength + 1)
            var secretText = publicText
            guard zmq_curve_keypair(&publicText, &secretText) == 0 else { throw ZMQSocket.failure("zmq_curve_keypair") }
            let text = Self.text(publicText)
            guard text.first?.isLetter == true || text.first?.isNumber == true else { continue }
            self = try CurveKeyPair(secret: Secret(Self.text(secretText)))
            return
        }
        throw NovaError(.internal, "The key pair could not be made.")
    }

    /// The pair of a secret key.
    ///
    /// - Throws: ``NovaError`` `badRequest` when the text is no key.
    public init(secret: Secret<String>) throws {
        var publicText = [CChar](repeating: 0, count: CurvePublicKey.textLength + 1)
        guard Z85.decode(secret.reveal())?.count == CurvePublicKey.byteCount,
            zmq_curve_public(&publicText, secret.reveal()) == 0, let key = CurvePublicKey(Self.text(publicText))
        else { throw NovaError(.badRequest, "That is no secret key: one has 40 characters of Z85.") }
        publicKey = key
        secretKey = secret
    }

    /// Reads a pair's file, which only its owner may read.
    ///
    /// - Throws: ``NovaError`` `badRequest` that names the file, the line, and what to do.
    public init(file path: String) throws {
        let file = try SmallFile.read(path, what: "key file")
        guard file.mode & 0o077 == 0 else {
            throw NovaError(.badRequest, "The key file \(path) can be read by others. Run: chmod 600 \(path)")
        }
        var values: [String: String] = [:]
        for (number, line) in file.lines where !line.isEmpty && !line.hasPrefix("#") {
            let words = line.split(separator: " ", maxSplits: 2).map(String.init)
            guard words.count == 3, words[1] == "=", ["public", "secret", "role", "host"].contains(words[0]) else {
                throw NovaError(
                    .badRequest, "\(path):\(number): expected public, secret, role or host, then \" = value\".")
            }
            values[words[0]] = words[2]
        }
        guard let secret = values["secret"] else {
            throw NovaError(
                .badRequest, "The key file \(path) has no line \"secret = …\". Make it anew: \(Self.advice)")
        }
        do {
            try self.init(secret: Secret(secret))
        } catch {
            throw NovaError(.badRequest, "The secret key in \(path) is no key. Make it anew: \(Self.advice)")
        }
        if let text = values["public"], text != publicKey.description {
            throw NovaError(.badRequest, "The two keys in \(path) are no pair. Make it anew: \(Self.advice)")
        }
        role = values["role"] ?? ""
        host = values["host"] ?? ""
    }

    private static let advice = "novactl queue keygen FILE"

    /// Writes the pair's file with mode 0600; one that exists is never replaced.
    public func write(to path: String) throws {
        var text = "# Keys of a process on the queue. The secret one must not leave this host.\n"
        if !role.isEmpty { text += "role = \(role)\n" }
        if !host.isEmpty { text += "host = \(host)\n" }
        text += "public = \(publicKey)\nsecret = \(secretKey.reveal())\n"
        try SmallFile.create(path, text, mode: 0o600)
    }

    private static func text(_ bytes: [CChar]) -> String {
        String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
