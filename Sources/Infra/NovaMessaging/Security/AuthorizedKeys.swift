import Glibc
import NovaCore

/// Who may speak to the brokers: the content of a file with one key a line.
///
///     PUBLIC-KEY ROLE HOST [INSTANCE] [# remark]
///
/// A key without an instance is good for any instance of that role on that host.
public struct AuthorizedKeys: Sendable, Equatable {
    /// One line.
    public struct Entry: Sendable, Hashable {
        public var publicKey: CurvePublicKey
        /// Whom the key stands for; the instance may be empty.
        public var name: PeerName
        public var remark: String

        public init(publicKey: CurvePublicKey, name: PeerName, remark: String = "") {
            self.publicKey = publicKey
            self.name = name
            self.remark = remark
        }

        /// The entry as it stands in the file.
        public var line: String {
            [publicKey.description, name.role, name.host, name.instance, remark.isEmpty ? "" : "# \(remark)"]
                .filter { !$0.isEmpty }.joined(separator: " ")
        }
    }

    static let entryLimit = 50_000

    public private(set) var names: [CurvePublicKey: PeerName] = [:]

    public init() {}

    /// Parses a file's text.
    ///
    /// - Throws: ``NovaError`` `badRequest` that names file and line.
    public init(text: String, path: String, roles: Set<String> = RoleTable.standard.roles) throws {
        var lines: [CurvePublicKey: Int] = [:]
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            func refusal(_ cause: String) -> NovaError { NovaError(.badRequest, "\(path):\(number): \(cause).") }
            guard let entry = try Self.entry(line, refusal: refusal) else { continue }
            guard roles.contains(entry.name.role) else {
                let known = roles.sorted().joined(separator: ", ")
                throw refusal("there is no role \"\(entry.name.role)\"; the roles are \(known)")
            }
            if let before = lines.updateValue(number, forKey: entry.publicKey) {
                throw refusal("the key of line \(before) again; remove one of them")
            }
            guard lines.count <= Self.entryLimit else { throw refusal("more than \(Self.entryLimit) keys") }
            names[entry.publicKey] = entry.name
        }
    }

    /// Reads a file.
    init(file path: String) throws {
        try self.init(text: try Self.read(path).text, path: path)
    }

    /// Reads a file that only its owner may write.
    static func read(_ path: String) throws -> SmallFile {
        let file = try SmallFile.read(path, what: "file of authorized keys")
        guard file.mode & 0o022 == 0 else {
            throw NovaError(
                .badRequest, "Others could add keys to \(path): its mode allows it. Run: chmod go-w \(path)")
        }
        return file
    }

    /// One line's entry; nil for a comment or an empty line.
    static func entry(_ line: Substring, refusal: (String) -> NovaError) throws -> Entry? {
        let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
        // No key begins with "#": the first of five characters has at most the value 82.
        guard let first = words.first, !first.hasPrefix("#") else { return nil }
        guard let key = CurvePublicKey(first) else { throw refusal("\"\(first)\" is no public key of 40 characters") }
        let rest = words.dropFirst()
        let parts = Array(rest.prefix { !$0.hasPrefix("#") })
        guard (2...3).contains(parts.count) else {
            throw refusal("expected a public key, a role, a host, perhaps an instance, then # and a remark")
        }
        guard parts.allSatisfy({ $0.utf8.count <= MessageHeader.maximumText }) else {
            throw refusal("a name is longer than \(MessageHeader.maximumText) bytes")
        }
        // Among other characters there are texts that look alike, or are equal and have other bytes.
        guard parts.allSatisfy({ $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } }) else {
            throw refusal("a name has characters that are not ASCII")
        }
        let remark = rest.dropFirst(parts.count).joined(separator: " ").drop { $0 == "#" || $0 == " " }
        let name = PeerName(role: parts[0], host: parts[1], instance: parts.count > 2 ? parts[2] : "")
        return Entry(publicKey: key, name: name, remark: String(remark))
    }

    /// The keys of another list that this one has no more, or has for somebody else.
    func revoked(from before: AuthorizedKeys) -> [Entry] {
        before.names.compactMap { key, name in names[key] == name ? nil : Entry(publicKey: key, name: name) }
            .sorted { $0.publicKey.description < $1.publicKey.description }
    }
}
