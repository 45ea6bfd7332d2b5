public import NovaCore
import NovaCrypto

/// The file with the keys of tokens: a line each, the seed in hex and since when it is known; the first key of a
/// service has no time.
public struct TokenKeyFile: Sendable {
    /// The keys that a file holds at most: rotations closer to each other than tokens live would pile them up.
    private static let mostKeys = 16

    private let path: String

    /// The file of the service whose state is in a folder.
    public init(statePath: String) { path = "\(statePath)/identity-key" }

    /// The keys; makes the first one when there is none.
    ///
    /// - Throws: ``NovaError`` `malformed` for a line that is no key, and what ``SecretFile`` throws.
    func loadOrCreate() throws -> [TokenKey] {
        let text = try SecretFile(path: path).loadOrCreate(whole: true) { Hex.encode(SigningKey().seed.reveal()) }
        return try Self.parse(text, path)
    }

    /// Adds a key, which signs after half a minute, and removes those whose tokens have all expired.
    ///
    /// - Parameter tokenLifetime: in seconds.
    /// - Returns: how many keys the file has now.
    /// - Throws: ``NovaError`` `notFound` when there is no file, `conflict` when it has too many young keys.
    public func rotate(tokenLifetime: Int64, now: Timestamp = .now()) throws -> Int {
        let file = SecretFile(path: path)
        guard let text = try file.load(whole: true) else {
            throw NovaError(.notFound, "There are no keys of tokens here.", details: path)
        }
        let keys = try Self.parse(text, path).sorted { $0.created < $1.created }
        // A key that a newer one followed long ago has no valid token any more.
        let end = now.adding(seconds: -(tokenLifetime + 600))
        var kept = keys.enumerated().filter { index, _ in
            index + 1 >= keys.count || keys[index + 1].created.adding(KeyRing.publishedFor) > end
        }.map(\.element)
        kept.append(TokenKey(key: SigningKey(), created: now))
        guard kept.count <= Self.mostKeys else {
            throw NovaError(
                .conflict, "There are \(kept.count - 1) keys whose tokens may still be valid. Rotate less often.")
        }
        let lines = kept.map { "\(Hex.encode($0.key.seed.reveal())) \($0.created.microseconds)" }
        try file.replace(lines.joined(separator: "\n"))
        return kept.count
    }

    private static func parse(_ text: Secret<String>, _ path: String) throws -> [TokenKey] {
        try text.reveal().split(separator: "\n").enumerated().map { index, line in
            let parts = line.split(separator: " ")
            guard let first = parts.first, let seed = Hex.decode(first), parts.count <= 2,
                let created = parts.count == 2 ? Int64(parts[1]) : 0
            else {
                throw NovaError(.malformed, "The signing key is damaged.", details: "\(path), line \(index + 1)")
            }
            return TokenKey(
                key: try SigningKey(seed: Secret(seed)), created: Timestamp(microseconds: created))
        }
    }
}
