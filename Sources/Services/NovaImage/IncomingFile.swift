import Glibc
import NovaCore
import NovaCrypto

/// A file that is being received: hashed on the way, checked at the end, and only then given its name.
///
/// Its calls block; run them on ``BlockingThreads``.
actor IncomingFile {
    private let temporary: String
    private let destination: String
    private let limit: Int64
    private let hashes: Bool
    private let file: ImageFile
    private var md5 = MD5Hasher()
    private var sha512 = SHA512Hasher()
    private var size: Int64 = 0

    init(temporary: String, destination: String, limit: Int64, hashes: Bool) throws {
        self.temporary = temporary
        self.destination = destination
        self.limit = limit
        self.hashes = hashes
        file = try ImageFile.create(temporary)
    }

    /// Adds the next bytes.
    ///
    /// - Throws: ``NovaError`` `tooLarge`, `noSpace`, `unavailable`.
    func append(_ chunk: [UInt8]) throws {
        guard Int64(chunk.count) <= limit - size else {
            throw NovaError(.tooLarge, "The image is larger than the \(limit) bytes that it may have.")
        }
        size += Int64(chunk.count)
        if hashes {
            md5.update(chunk)
            sha512.update(chunk)
        }
        try file.append(chunk)
    }

    /// Puts the whole file in its place, on the disk.
    ///
    /// - Throws: what the inspection throws; ``NovaError`` `badRequest` (another length than announced), `noSpace`.
    func finish(announced: Int64?, inspect: @Sendable (UntrustedFile) throws -> Int64?) throws -> StoredData {
        if let announced, size != announced {
            throw NovaError(.badRequest, "The upload ended after \(size) of \(announced) bytes.")
        }
        let virtualSize = try inspect(try UntrustedFile(try ImageFile.read(temporary)))
        try file.sync()
        try Self.move(temporary, to: destination)
        return StoredData(
            size: size, md5: hashes ? Hex.encode(md5.digest()) : "", sha512: hashes ? Hex.encode(sha512.digest()) : "",
            virtualSize: virtualSize)
    }

    /// Removes what was received.
    func discard() { unlink(temporary) }

    /// Renames a synced file, durably.
    static func move(_ path: String, to destination: String) throws {
        guard rename(path, destination) == 0 else { throw ImageFile.failure("rename", path) }
        guard let end = destination.lastIndex(of: "/") else { return }
        try ImageFile.read(String(destination[..<end])).sync()
    }
}
