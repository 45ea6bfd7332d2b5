import Glibc
import NovaCore
import NovaCrypto

/// A file with one secret, readable by its owner only.
struct SecretFile: Sendable {
    private static let maximumSize = 4096
    let path: String

    /// The text in the file, without the line's end; when there is no file, it is made with the given text.
    ///
    /// Two processes that start at once end with the same text.
    /// - Throws: ``NovaError`` `internal` when others could read the file, `unavailable` when it cannot be used.
    func loadOrCreate(whole: Bool = false, _ make: () -> String) throws -> Secret<String> {
        if let present = try load(whole: whole) { return present }
        try create(make())
        guard let present = try load(whole: whole) else { throw failure("reading it back") }
        return present
    }

    /// The text of the file, or its first line; nil when there is none.
    func load(whole: Bool = false) throws -> Secret<String>? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("opening")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("looking at it") }
        guard status.st_mode & 0o077 == 0 else {
            throw NovaError(
                .internal, "A file with a secret can be read by others.",
                details: "\(path): do chmod 600, change the secret")
        }
        var bytes = [UInt8](repeating: 0, count: Self.maximumSize)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                read(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw failure("reading") }
            if got == 0 { break }
            count += got
        }
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        return Secret(whole ? text : String(text.prefix { $0 != "\n" }))
    }

    /// Puts another text in the place of the file's.
    func replace(_ text: String) throws {
        let temporary = try writeBeside(text)
        defer { unlink(temporary) }
        // The operator's tool may run as root, and the service reads the file as itself.
        var status = stat()
        if stat(path, &status) == 0, status.st_uid != geteuid() || status.st_gid != getegid() {
            guard chown(temporary, status.st_uid, status.st_gid) == 0 else { throw failure("giving away") }
        }
        guard rename(temporary, path) == 0 else { throw failure("replacing") }
    }

    private func create(_ text: String) throws {
        let temporary = try writeBeside(text)
        defer { unlink(temporary) }
        // A link appears whole, and never over a file that another process made first.
        guard link(temporary, path) == 0 || errno == EEXIST else { throw failure("making") }
    }

    /// Writes a new file next to this one, durably.
    private func writeBeside(_ text: String) throws -> String {
        let temporary = "\(path).\(Hex.encode(RandomBytes.make(8)))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("making") }
        let bytes = Array("\(text)\n".utf8)
        let written = write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        let cause = errno
        close(descriptor)
        errno = cause
        guard written else {
            unlink(temporary)
            throw failure("writing")
        }
        return temporary
    }

    private func failure(_ action: String) -> NovaError {
        NovaError(
            errno == ENOSPC ? .noSpace : .unavailable, "A file with a secret cannot be used.",
            details: "\(action) \(path): \(String(cString: strerror(errno)))")
    }
}
