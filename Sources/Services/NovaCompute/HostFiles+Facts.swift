import Glibc
import NovaCore

extension HostFiles {
    /// What the file system knows of a file.
    struct Facts {
        var bytes: Int64
        /// How many names the file has.
        var names: Int
        var modifiedAt: Timestamp
    }

    /// Nil when there is no such file, or it is a folder or a link.
    static func facts(_ path: String) -> Facts? {
        var info = stat()
        guard lstat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
        let seconds = Int64(info.st_mtim.tv_sec).multipliedReportingOverflow(by: 1_000_000).partialValue
        return Facts(
            bytes: Int64(info.st_size), names: Int(clamping: info.st_nlink),
            modifiedAt: Timestamp(microseconds: seconds &+ Int64(info.st_mtim.tv_nsec) / 1_000))
    }

    /// Makes a file as if it had been written now.
    static func touch(_ path: String) { utimensat(AT_FDCWD, path, nil, 0) }
}
