import Glibc
import NovaCore

/// File operations of the compute host.
///
/// They block: durable and large ones belong on a worker thread.
enum HostFiles {
    static func failure(_ action: String, _ path: String) -> NovaError {
        let cause = errno
        return NovaError(
            cause == ENOSPC || cause == EDQUOT ? .noSpace : .internal,
            cause == ENOSPC || cause == EDQUOT
                ? "The compute host has no space left." : "The compute host could not work on a file.",
            details: "\(action) \(path): \(String(cString: strerror(cause)))")
    }

    /// Makes a folder and those above it.
    static func makeFolder(_ path: String) throws {
        var current = ""
        for part in path.split(separator: "/") {
            current += "/\(part)"
            guard mkdir(current, 0o755) == 0 || errno == EEXIST || access(current, F_OK) == 0 else {
                throw failure("create folder", current)
            }
        }
    }

    /// Replaces a file by renaming; durable means that it is on the disk when this returns.
    static func write(_ bytes: [UInt8], to path: String, durable: Bool) throws {
        let draft = "\(path).new"
        let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw failure("create", draft) }
        defer { close(file) }
        try append(bytes, to: file, draft)
        if durable, fsync(file) != 0 { throw failure("sync", draft) }
        guard rename(draft, path) == 0 else { throw failure("rename", draft) }
        if durable { try syncFolder(of: path) }
    }

    /// Appends all bytes to an open file.
    static func append(_ bytes: [UInt8], to file: Int32, _ path: String) throws {
        var at = 0
        while at < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress?.advanced(by: at), $0.count - at) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("write", path) }
            at += count
        }
    }

    /// Brings a file and its name to the disk.
    static func sync(_ path: String) throws {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure("open", path) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw failure("sync", path) }
    }

    private static func syncFolder(of path: String) throws {
        guard let slash = path.lastIndex(of: "/") else { return }
        try sync(String(path[..<slash]))
    }

    /// The content of a small file; nil when there is none.
    static func read(_ path: String, limit: Int = 1 << 20) throws -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("open", path)
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        while bytes.count < limit {
            var status = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: min(16384, limit - bytes.count)) { buffer, count in
                status = Glibc.read(file, buffer.baseAddress, buffer.count)
                count = max(0, status)
            }
            guard status >= 0 else { throw failure("read", path) }
            if chunk.isEmpty { break }
            bytes += chunk
        }
        return bytes
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The file's length in bytes; nil when there is none.
    static func size(_ path: String) -> Int64? {
        var info = stat()
        return stat(path, &info) == 0 ? Int64(info.st_size) : nil
    }

    static func remove(_ path: String) { unlink(path) }

    /// Renames a file over another.
    static func move(_ path: String, to other: String) throws {
        guard rename(path, other) == 0 else { throw failure("rename", path) }
    }

    /// Gives a file a second name; succeeds when the name exists.
    static func link(_ path: String, as other: String) throws {
        guard Glibc.link(path, other) == 0 || errno == EEXIST else { throw failure("link", path) }
    }

    /// Makes an empty sparse file.
    static func makeSparse(_ path: String, bytes: Int64) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw failure("create", path) }
        defer { close(file) }
        guard ftruncate(file, off_t(bytes)) == 0 else { throw failure("extend", path) }
    }

    /// The names in a folder, none when it does not exist or cannot be read.
    static func names(in folder: String) -> [String] { FolderNames.orNone(folder) }

    /// The names in a folder, none when it does not exist.
    static func entries(of folder: String) throws -> [String] {
        let (names, failure) = FolderNames.read(folder)
        guard let failure, failure != ENOENT else { return names }
        errno = failure
        throw Self.failure("read folder", folder)
    }

    /// Removes a folder with what is in it, following no symbolic link; succeeds when there is none.
    static func removeTree(_ path: String) throws {
        for name in names(in: path) { try removeAny("\(path)/\(name)") }
        guard rmdir(path) == 0 || errno == ENOENT else { throw failure("remove folder", path) }
    }

    /// Removes a file, a link or a folder with what is in it.
    static func removeAny(_ path: String) throws {
        var info = stat()
        guard lstat(path, &info) == 0 else { return }
        if info.st_mode & S_IFMT == S_IFDIR {
            try removeTree(path)
        } else if unlink(path) != 0, errno != ENOENT {
            throw failure("remove", path)
        }
    }

    /// Size and free bytes of the file system that holds a folder.
    static func space(of folder: String) throws -> (total: Int64, free: Int64) {
        var info = statvfs()
        guard statvfs(folder, &info) == 0 else { throw failure("look at the file system of", folder) }
        let block = Int64(info.f_frsize)
        return (Int64(clamping: info.f_blocks) * block, Int64(clamping: info.f_bavail) * block)
    }
}
