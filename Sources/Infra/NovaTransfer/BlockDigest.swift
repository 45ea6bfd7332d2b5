import Glibc
import NovaCrypto
import NovaCore

/// The SHA-256 by which the content of a disk file is known, wherever its holes are.
///
/// The file is cut into blocks of ``blockSize`` (the last one may be shorter). The digest is the SHA-256 of, for each
/// block with a byte other than 0, its index (8 bytes, most significant first) and its SHA-256, and at the end the
/// file's length (8 bytes). So a hole costs nothing, neither to read nor to hash, and one that was filled with zeros, or
/// zeros that became a hole, do not change it.
public struct BlockDigest: Sendable {
    /// Bytes in a block.
    public static let blockSize = 256 << 10

    private var hasher = SHA256Hasher()

    public init() {}

    /// Adds the next block that has data.
    public mutating func add(index: UInt64, block: UnsafeRawBufferPointer) {
        var inner = SHA256Hasher()
        inner.update(block)
        withUnsafeBytes(of: index.bigEndian) { hasher.update($0) }
        hasher.update(inner.digest())
    }

    /// The digest of the file, in hex, once all blocks were added.
    public func finish(size: Int64) -> String {
        var hasher = hasher
        withUnsafeBytes(of: size.bigEndian) { hasher.update($0) }
        return Hex.encode(hasher.digest())
    }

    /// Whether all bytes are 0.
    static func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let start = bytes.baseAddress, let first = bytes.first else { return true }
        // Each byte is its successor, and the first is 0: as fast as the library's comparison.
        return first == 0 && memcmp(start, start + 1, bytes.count - 1) == 0
    }

    /// How many blocks a file has.
    static func count(of size: Int64) -> UInt64 {
        guard size > 0 else { return 0 }
        return UInt64((size - 1) / Int64(blockSize)) + 1
    }

    /// The length of one block of a file, less than ``blockSize`` for the last; nil behind the end.
    static func length(of index: UInt64, size: Int64) -> Int? {
        guard index < count(of: size) else { return nil }
        // In range: the index is at most the size divided by the block's.
        return Int(min(Int64(blockSize), size - Int64(index) * Int64(blockSize)))
    }
}
