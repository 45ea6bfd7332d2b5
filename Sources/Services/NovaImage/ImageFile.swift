import Glibc
import NovaCore

/// An open file of an image; closed with its last reference.
///
/// Its calls block.
final class ImageFile: Sendable {
    private let descriptor: Int32
    /// For messages to the operator.
    let path: String

    private init(_ descriptor: Int32, _ path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// Makes a new file for its owner only.
    static func create(_ path: String) throws -> ImageFile {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw failure("create", path) }
        return ImageFile(descriptor, path)
    }

    /// Opens a file to read it.
    ///
    /// - Throws: ``NovaError`` `notFound` when there is none.
    static func read(_ path: String) throws -> ImageFile {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { throw NovaError(.notFound, "The image has no data.", details: path) }
            throw failure("open", path)
        }
        return ImageFile(descriptor, path)
    }

    /// Bytes.
    func size() throws -> Int64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.failure("stat", path) }
        return Int64(status.st_size)
    }

    /// Writes all bytes at the end.
    func append(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0 {
                    if errno == EINTR { continue }
                    throw Self.failure("write", path)
                }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// Up to `count` bytes from an offset on; empty at the end.
    func bytes(at offset: Int64, count: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            var result = pread(descriptor, buffer.baseAddress, count, off_t(offset))
            while result < 0, errno == EINTR { result = pread(descriptor, buffer.baseAddress, count, off_t(offset)) }
            guard result >= 0 else { throw Self.failure("read", path) }
            filled = result
        }
    }

    /// Returns when the bytes are on the disk.
    func sync() throws {
        guard fsync(descriptor) == 0 else { throw Self.failure("sync", path) }
    }

    static func failure(_ action: String, _ path: String) -> NovaError {
        let code = errno
        let details = "\(action) \(path): \(String(cString: strerror(code)))"
        if code == ENOSPC || code == EDQUOT {
            return NovaError(.noSpace, "The image store is full. Ask the operator of this cloud.", details: details)
        }
        return NovaError(.unavailable, "The image store cannot be used now.", details: details)
    }
}
