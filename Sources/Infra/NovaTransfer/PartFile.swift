import Glibc
import NovaCore
import Synchronization

/// A file that is being fetched: `PATH.DIGEST.part` until it is whole and its content has been checked.
///
/// Blocks come in order, so what an earlier process has fetched is what the file's length says. All of it blocks: it
/// belongs on a worker thread.
final class PartFile: Sendable {
    /// What is written goes to the disk this often, so that the end has little to wait for.
    private static let syncEvery: Int64 = 64 << 20

    let file: OfferedFile
    private let target: String
    private let path: String
    private let folder: String
    private let descriptor: Int32
    private let unsynced = Mutex<Int64>(0)

    /// Opens what an earlier try has left, or begins.
    init(_ file: OfferedFile, to target: String) throws {
        guard file.isPlausible, let slash = target.lastIndex(of: "/") else {
            throw NovaError(.malformed, "A malformed offer was refused.", details: "\(file)")
        }
        self.file = file
        self.target = target
        folder = String(target[..<slash])
        let name = target[target.index(after: slash)...]
        let part = "\(name).\(file.digest.prefix(16)).part"
        // Parts of another content are of no use any more.
        for other in try TransferIO.names(in: folder) where other != part && Self.isPart(other, of: name) {
            unlink("\(folder)/\(other)")
        }
        path = "\(folder)/\(part)"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw TransferIO.failure("create", path) }
    }

    deinit { close(descriptor) }

    /// Whether a name is that of a part of a file: `disk.swap.DIGEST.part` is none of `disk`.
    private static func isPart(_ other: String, of name: Substring) -> Bool {
        guard other.hasPrefix("\(name)."), other.hasSuffix(".part") else { return false }
        let digest = other.dropFirst(name.count + 1).dropLast(5)
        return digest.utf8.count == 16 && Hex.decode(digest) != nil
    }

    /// The first block that is missing, and the digest of those before.
    func resume() throws -> (next: UInt64, digest: BlockDigest) {
        let present = try SourceFile(path)
        let whole = UInt64(min(present.size, file.size) / Int64(BlockDigest.blockSize))
        return (whole, try present.digest(upTo: whole))
    }

    /// Writes a block at its place.
    func write(_ index: UInt64, _ bytes: ArraySlice<UInt8>) throws {
        let start = off_t(index) * off_t(BlockDigest.blockSize)
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done, start + off_t(done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw TransferIO.failure("write", path) }
            done += count
        }
        let isDue = unsynced.withLock { unsynced in
            unsynced += Int64(done)
            guard unsynced >= Self.syncEvery else { return false }
            unsynced = 0
            return true
        }
        if isDue, fdatasync(descriptor) != 0 { throw TransferIO.failure("sync", path) }
    }

    /// Gives the file its length and its name, on the disk when this returns.
    func finish() throws {
        guard ftruncate(descriptor, off_t(file.size)) == 0 else { throw TransferIO.failure("extend", path) }
        guard fsync(descriptor) == 0 else { throw TransferIO.failure("sync", path) }
        guard rename(path, target) == 0 else { throw TransferIO.failure("rename", path) }
        try TransferIO.syncFolder(folder)
    }

    /// Removes what was fetched: it is not what was offered.
    func discard() { unlink(path) }
}
