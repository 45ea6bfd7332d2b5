import Glibc
import NovaCore

/// A file that is read block by block, without its holes.
///
/// All of it blocks: it belongs on a worker thread.
final class SourceFile: Sendable {
    /// What was found at a place of the file.
    enum Found: Sendable {
        /// The next block with data.
        case block(index: UInt64, bytes: [UInt8])
        /// Zeros so far; look on from there.
        case nothing(next: UInt64)
        case end
    }
    /// How many blocks of zeros are looked at in one go.
    private static let patience = 64
    /// `SEEK_DATA` of Linux, which the C library shows to few.
    private static let seekData: Int32 = 3

    let size: Int64
    private let descriptor: Int32
    private let path: String

    /// Opens a plain file; a link is none.
    init(_ path: String) throws {
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw TransferIO.failure("open", path) }
        self.path = path
        var info = stat()
        guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw NovaError(.conflict, "A file of the server cannot be sent.", details: "\(path) is no plain file")
        }
        size = Int64(info.st_size)
    }

    deinit { close(descriptor) }

    /// The next block with data, from one on.
    ///
    /// - Throws: ``NovaError`` `conflict` when the file has become shorter.
    func next(from start: UInt64) throws -> Found {
        var index = start
        for _ in 0..<Self.patience {
            guard BlockDigest.length(of: index, size: size) != nil else { return .end }
            let data = lseek(descriptor, off_t(index) * off_t(BlockDigest.blockSize), Self.seekData)
            if data < 0, errno == ENXIO { return .end }
            // A file system that knows no holes says so, and then all is data.
            if data > 0 { index = max(index, UInt64(data) / UInt64(BlockDigest.blockSize)) }
            guard let length = BlockDigest.length(of: index, size: size) else { return .end }
            let bytes = try read(index, length)
            if !bytes.withUnsafeBytes({ BlockDigest.isZero($0) }) { return .block(index: index, bytes: bytes) }
            index += 1
        }
        return .nothing(next: index)
    }

    /// The digest of the whole file.
    func digest() throws -> String { try digest(upTo: BlockDigest.count(of: size)).finish(size: size) }

    /// The digest of the blocks before one, to go on from there.
    func digest(upTo end: UInt64) throws -> BlockDigest {
        var digest = BlockDigest()
        var at: UInt64 = 0
        while at < end {
            switch try next(from: at) {
            case .block(let index, let bytes):
                if index < end { bytes.withUnsafeBytes { digest.add(index: index, block: $0) } }
                at = index + 1
            case .nothing(let next): at = next
            case .end: at = end
            }
        }
        return digest
    }

    private func read(_ index: UInt64, _ length: Int) throws -> [UInt8] {
        let start = off_t(index) * off_t(BlockDigest.blockSize)
        return try [UInt8](unsafeUninitializedCapacity: length) { buffer, filled in
            while filled < length {
                let count = pread(
                    descriptor, buffer.baseAddress?.advanced(by: filled), length - filled, start + off_t(filled))
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw TransferIO.failure("read", path) }
                guard count > 0 else {
                    throw NovaError(
                        .conflict, "A file of the server changed while it was sent.", details: "\(path) is shorter")
                }
                filled += count
            }
        }
    }
}
