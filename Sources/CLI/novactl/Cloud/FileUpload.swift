import Glibc
import NovaCore

/// A file as the chunks of a request's body.
///
/// A command does one thing at a time: reading in its only task blocks nobody.
struct FileUpload: AsyncSequence, Sendable {
    private static let chunk = 256 << 10
    private let path: String
    /// Bytes when the file was looked at.
    let length: Int64

    /// Looks at the file.
    ///
    /// - Throws: `badRequest` when it is no readable regular file.
    init(path: String) throws {
        var status = stat()
        guard stat(path, &status) == 0 else { throw Self.failure(path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw NovaError(.badRequest, "\(path) is no regular file.")
        }
        guard access(path, R_OK) == 0 else { throw Self.failure(path) }
        self.path = path
        length = Int64(status.st_size)
    }

    func makeAsyncIterator() -> Iterator { Iterator(path: path) }

    /// Reads the file once, front to back.
    final class Iterator: AsyncIteratorProtocol {
        private let path: String
        private var file: UnsafeMutablePointer<FILE>?

        init(path: String) { self.path = path }

        deinit {
            if let file { fclose(file) }
        }

        func next() async throws -> [UInt8]? {
            let file = try self.file ?? opened()
            let bytes = [UInt8](unsafeUninitializedCapacity: FileUpload.chunk) { buffer, count in
                count = fread(buffer.baseAddress, 1, FileUpload.chunk, file)
            }
            guard ferror(file) == 0 else { throw FileUpload.failure(path) }
            return bytes.isEmpty ? nil : bytes
        }

        private func opened() throws -> UnsafeMutablePointer<FILE> {
            guard let opened = fopen(path, "re") else { throw FileUpload.failure(path) }
            file = opened
            return opened
        }
    }

    private static func failure(_ path: String) -> NovaError {
        NovaError(.badRequest, "Cannot read \(path): \(String(cString: strerror(errno))).")
    }
}
