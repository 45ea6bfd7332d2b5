import Glibc
import NovaCore

/// Changes a file of authorized keys: one editor at a time, remarks kept, readers never see a part of it.
public struct AuthorizedKeysEditor: Sendable {
    private static let patience = 100

    public let path: String

    public init(path: String) { self.path = path }

    /// Adds a key, or gives one that is there another name.
    ///
    /// - Returns: whether the file changed.
    /// - Throws: ``NovaError`` `badRequest` when the file, or what is added, has a mistake.
    @discardableResult
    public func authorize(_ entry: AuthorizedKeys.Entry) throws -> Bool {
        try edit { lines in
            var isThere = false
            for index in lines.indices {
                guard let old = try self.entry(lines, index), old.publicKey == entry.publicKey else { continue }
                isThere = true
                guard old.name != entry.name else { continue }
                lines[index] = entry.line
            }
            if !isThere { lines.append(entry.line) }
        }
    }

    /// Removes a key, or all keys of a name such as `compute@host-7` or `compute@host-7/1`.
    ///
    /// A name without an instance means the host's keys with any instance.
    ///
    /// - Returns: what was removed; empty when nothing fits.
    public func revoke(_ keyOrName: String) throws -> [AuthorizedKeys.Entry] {
        guard SmallFile.stamp(path) != nil else {
            throw NovaError(.notFound, "There is no file \(path). Name it with --file.")
        }
        var removed: [AuthorizedKeys.Entry] = []
        try edit { lines in
            removed = []
            var kept: [String] = []
            for index in lines.indices {
                if let entry = try self.entry(lines, index), Self.fits(entry, keyOrName) {
                    removed.append(entry)
                } else {
                    kept.append(lines[index])
                }
            }
            lines = kept
        }
        return removed
    }

    private static func fits(_ entry: AuthorizedKeys.Entry, _ keyOrName: String) -> Bool {
        [entry.publicKey.description, "\(entry.name)", "\(entry.name.role)@\(entry.name.host)"].contains(keyOrName)
    }

    private func entry(_ lines: [String], _ index: Int) throws -> AuthorizedKeys.Entry? {
        try AuthorizedKeys.entry(lines[index][...]) { NovaError(.badRequest, "\(path):\(index + 1): \($0).") }
    }

    /// Changes the lines under the lock; what would not be read by a broker is not written.
    @discardableResult
    private func edit(_ change: (inout [String]) throws -> Void) throws -> Bool {
        let lock = try lock()
        defer { close(lock) }
        let isThere = SmallFile.stamp(path) != nil
        let file = isThere ? try AuthorizedKeys.read(path) : nil
        let before = file?.text ?? ""
        _ = try AuthorizedKeys(text: before, path: path)
        var lines = before.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        if lines.last?.isEmpty == true { lines.removeLast() }
        if !isThere { lines = ["# Who may speak to the brokers: PUBLIC-KEY ROLE HOST [INSTANCE] [# remark]"] }
        let old = lines
        try change(&lines)
        guard lines != old || !isThere else { return false }
        let text = lines.joined(separator: "\n") + "\n"
        _ = try AuthorizedKeys(text: text, path: "the new \(path)")
        try SmallFile.replace(path, text, mode: file?.mode ?? 0o644)
        return lines != old
    }

    /// A lock beside the file, for the file itself is replaced; it is held until the descriptor is closed.
    private func lock() throws -> Int32 {
        let name = "\(path).lock"
        let descriptor = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SmallFile.failure("create", name) }
        for _ in 0..<Self.patience {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
            guard errno == EWOULDBLOCK || errno == EINTR else { break }
            usleep(50_000)
        }
        close(descriptor)
        throw NovaError(.conflict, "Another command changes \(path) at the moment. Try again.")
    }
}
