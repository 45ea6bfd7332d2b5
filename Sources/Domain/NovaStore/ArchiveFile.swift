import Glibc
public import NovaCore

/// A file of archived rows, one JSON object a line, that only grows.
public struct ArchiveFile: Sendable {
    public let path: String

    public init(path: String) { self.path = path }

    /// The file of a month in a folder: `servers-2026-11.jsonl`.
    public init(folder: String, at time: Timestamp) {
        path = "\(folder)/servers-\(time.iso8601.prefix(7)).jsonl"
    }

    /// Appends lines, and returns when they are on the disk.
    public func append(_ lines: [String]) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        // On a line of its own: what came before may have been cut off by a full disk.
        var rest = Array(("\n" + lines.map { $0 + "\n" }.joined()).utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw failure() }
            rest = rest.dropFirst(written)
        }
        guard fsync(descriptor) == 0 else { throw failure() }
    }

    private func failure() -> NovaError {
        NovaError(
            errno == ENOSPC ? .noSpace : .unavailable, "The archive cannot be written: \(path).",
            details: String(cString: strerror(errno)))
    }
}
