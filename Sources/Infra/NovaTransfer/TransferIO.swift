import Glibc
import NovaCore

/// What file operations of a transfer share.
enum TransferIO {
    /// The error of the last call of the C library on this thread.
    static func failure(_ action: String, _ path: String) -> NovaError {
        let cause = errno
        let details = "\(action) \(path): \(String(cString: strerror(cause)))"
        switch cause {
        case ENOSPC, EDQUOT: return NovaError(.noSpace, "The compute host has no space left.", details: details)
        case ENOENT: return NovaError(.notFound, "A file of the server is not on this host.", details: details)
        default: return NovaError(.internal, "The compute host could not work on a file.", details: details)
        }
    }

    /// The names in a folder.
    static func names(in folder: String) throws -> [String] {
        let (names, failure) = FolderNames.read(folder)
        guard let failure else { return names }
        errno = failure
        throw Self.failure("read folder", folder)
    }

    /// Brings a folder's names to the disk.
    static func syncFolder(_ folder: String) throws {
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard descriptor >= 0 else { throw failure("open folder", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("sync folder", folder) }
    }
}
