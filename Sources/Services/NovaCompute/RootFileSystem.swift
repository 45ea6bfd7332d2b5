import Glibc
import NovaCore
import NovaProcess
import VirtDriver

/// A disk that holds a file system and nothing else: a copy of an image, grown to its size.
struct RootFileSystem {
    /// Bytes up to and with the number that marks ext2, ext3 and ext4, and that number.
    private static let superblock = 0x43A
    private static let magic: [UInt8] = [0x53, 0xEF]

    private let runner: CommandRunner

    init(_ runner: CommandRunner) { self.runner = runner }

    /// Copies an image, leaving out what is empty, and lets its file system take the whole disk.
    ///
    /// - Throws: ``NovaError`` `badRequest` when the image holds no such file system: a whole disk with partitions, say.
    func make(_ path: String, from base: CachedImage, bytes: Int64) async throws {
        try await runner.run(
            "qemu-img", ["convert", "-f", base.format.rawValue, "-O", "raw", base.path, path], within: .seconds(1800))
        guard let start = try HostFiles.read(path, limit: Self.superblock), start.suffix(2) == Self.magic[...] else {
            HostFiles.remove(path)
            throw NovaError(
                .badRequest, "The image holds no ext4 file system, from which alone a container boots here.",
                details: base.path)
        }
        guard truncate(path, off_t(bytes)) == 0 else { throw HostFiles.failure("extend", path) }
        // Bounded: the file system is a user's. What its check mends is mended (1).
        let bounds = ["--as=1073741824", "--cpu=60"]
        do {
            try await runner.run(
                "prlimit", bounds + ["e2fsck", "-f", "-p", path], within: .seconds(300), accepting: [0, 1])
            try await runner.run("prlimit", bounds + ["resize2fs", path], within: .seconds(300))
        } catch let error as NovaError where error.code == .hypervisor {
            HostFiles.remove(path)
            throw NovaError(.badRequest, "The image's file system is damaged.", details: error.details)
        }
    }
}
