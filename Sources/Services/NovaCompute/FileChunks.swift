import Glibc
import NovaCore
import NovaProcess

/// The bytes of a file in order, read on a worker thread as they are asked for.
struct FileChunks: AsyncSequence, Sendable {
    private static let size = 256 << 10

    /// An open file; closed with its last reference.
    private final class Handle: Sendable {
        let descriptor: Int32
        init(_ descriptor: Int32) { self.descriptor = descriptor }
        deinit { close(descriptor) }
    }

    private let handle: Handle
    private let path: String
    private let threads: WorkerThreads

    init(_ path: String, threads: WorkerThreads) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw HostFiles.failure("open", path) }
        handle = Handle(descriptor)
        self.path = path
        self.threads = threads
    }

    struct Iterator: AsyncIteratorProtocol {
        fileprivate let chunks: FileChunks
        private var offset: Int64 = 0

        fileprivate init(_ chunks: FileChunks) { self.chunks = chunks }

        mutating func next() async throws -> [UInt8]? {
            let bytes = try await chunks.read(at: offset)
            offset += Int64(bytes.count)
            return bytes.isEmpty ? nil : bytes
        }
    }

    func makeAsyncIterator() -> Iterator { Iterator(self) }

    private func read(at offset: Int64) async throws -> [UInt8] {
        try await threads.run { [handle, path] in
            try [UInt8](unsafeUninitializedCapacity: Self.size) { buffer, filled in
                var count = pread(handle.descriptor, buffer.baseAddress, buffer.count, off_t(offset))
                while count < 0, errno == EINTR {
                    count = pread(handle.descriptor, buffer.baseAddress, buffer.count, off_t(offset))
                }
                guard count >= 0 else { throw HostFiles.failure("read", path) }
                filled = count
            }
        }
    }
}
