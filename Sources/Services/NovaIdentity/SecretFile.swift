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
    func loadOrCreate(_ make: () -> String) throws -> Secret<String> {
        if let present = try load() { return present }
        try create(make())
        guard let present = try load() else { throw failure("reading it back") }
        return present
    }

    private func load() throws -> Secret<String>? {
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
        return Secret(String(text.prefix { $0 != "\n" }))
    }

    private func create(_ text: String) throws {
        let temporary = "\(path).\(Hex.encode(RandomBytes.make(8)))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("making") }
        defer { unlink(temporary) }
        let bytes = Array("\(text)\n".utf8)
        let written = write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        let cause = errno
        close(descriptor)
        errno = cause
        guard written else { throw failure("writing") }
        // A link appears whole, and never over a file that another process made first.
        guard link(temporary, path) == 0 || errno == EEXIST else { throw failure("making") }
    }

    private func failure(_ action: String) -> NovaError {
        NovaError(
            errno == ENOSPC ? .noSpace : .unavailable, "A file with a secret cannot be used.",
            details: "\(action) \(path): \(String(cString: strerror(errno)))")
    }
}
