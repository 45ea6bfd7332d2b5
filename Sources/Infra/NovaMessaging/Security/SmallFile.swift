import Glibc
import NovaCore

/// Small text files of keys: read whole, made once, replaced at one stroke.
struct SmallFile {
    /// What tells whether a file has changed: the time is that of its content or of its mode.
    struct Stamp: Equatable {
        var device: UInt = 0
        var inode: UInt = 0
        var size: Int = 0
        var seconds: Int = 0
        var nanoseconds: Int = 0
    }

    private static let limit = 4 << 20

    let text: String
    let mode: mode_t
    let stamp: Stamp

    /// The lines without spaces at their ends, numbered from 1.
    var lines: [(number: Int, text: String)] {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated().map {
            ($0.offset + 1, $0.element.split(whereSeparator: \.isWhitespace).joined(separator: " "))
        }
    }

    /// The file's state now; nil when there is none.
    static func stamp(_ path: String) -> Stamp? {
        var found = stat()
        guard stat(path, &found) == 0 else { return nil }
        return Stamp(found)
    }

    /// Reads a file of at most 4 MiB.
    ///
    /// - Throws: ``NovaError`` `badRequest` that names the file.
    static func read(_ path: String, what: String) throws -> SmallFile {
        // Without waiting, should it be a pipe.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure("read the \(what)", path) }
        defer { close(descriptor) }
        var found = stat()
        guard fstat(descriptor, &found) == 0 else { throw failure("read the \(what)", path) }
        guard found.st_mode & S_IFMT == S_IFREG, found.st_size <= limit else {
            throw NovaError(.badRequest, "The \(what) \(path) is no regular file of at most 4 MiB.")
        }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= limit {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("read the \(what)", path) }
            guard count > 0 else { break }
            bytes += piece.prefix(count)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw NovaError(.badRequest, "The \(what) \(path) is not UTF-8 text.")
        }
        return SmallFile(text: text, mode: found.st_mode & 0o7777, stamp: Stamp(found))
    }

    /// Makes a file that must not exist yet; no reader ever sees a part of it.
    static func create(_ path: String, _ text: String, mode: mode_t) throws {
        let draft = try write(text, beside: path, mode: mode)
        defer { unlink(draft) }
        guard link(draft, path) == 0 else {
            if errno == EEXIST {
                throw NovaError(.conflict, "The file \(path) exists already; it is left as it is. Choose another name.")
            }
            throw failure("create", path)
        }
    }

    /// Puts a new file into the place of an old one.
    static func replace(_ path: String, _ text: String, mode: mode_t) throws {
        let draft = try write(text, beside: path, mode: mode)
        guard rename(draft, path) == 0 else {
            let error = failure("write", path)
            unlink(draft)
            throw error
        }
    }

    private static func write(_ text: String, beside path: String, mode: mode_t) throws -> String {
        let draft = "\(path).\(getpid()).\(UInt32.random(in: 0...UInt32.max)).part"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure("create", draft) }
        defer { close(descriptor) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        // The mode as asked for, whatever the umask is.
        guard rest.isEmpty, fchmod(descriptor, mode) == 0, fsync(descriptor) == 0 else {
            let error = failure("write", draft)
            unlink(draft)
            throw error
        }
        return draft
    }

    static func failure(_ verb: String, _ path: String) -> NovaError {
        NovaError(.badRequest, "Cannot \(verb) \(path): \(String(cString: strerror(errno))).")
    }
}

extension SmallFile.Stamp {
    init(_ found: stat) {
        self.init(
            device: found.st_dev, inode: found.st_ino, size: found.st_size, seconds: found.st_ctim.tv_sec,
            nanoseconds: found.st_ctim.tv_nsec)
    }
}
