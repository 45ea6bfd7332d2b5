import Glibc
import NovaCore
import NovaCrypto
import NovaProcess
import Synchronization

/// An image on its way to the disk: written, counted and hashed chunk by chunk on a worker thread.
final class ImageFile: Sendable {
    private struct State {
        var hasher = SHA512Hasher()
        var count: Int64 = 0
    }
    private let state = Mutex(State())
    private let descriptor: Int32
    private let path: String
    private let threads: WorkerThreads

    init(_ path: String, threads: WorkerThreads) throws {
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw HostFiles.failure("create", path) }
        self.path = path
        self.threads = threads
    }

    deinit { close(descriptor) }

    /// Appends a chunk.
    ///
    /// - Throws: ``NovaError`` `noSpace`; `badRequest` when more comes than the image has.
    func append(_ chunk: [UInt8], limit: Int64) async throws {
        try await threads.run { [self] in
            let count = state.withLock { state in
                state.hasher.update(chunk)
                state.count += Int64(chunk.count)
                return state.count
            }
            guard limit <= 0 || count <= limit else {
                throw NovaError(.badRequest, "The image is corrupt: it is longer than the image service says.")
            }
            try HostFiles.append(chunk, to: descriptor, path)
        }
    }

    /// The number of bytes, and their SHA-512 in hex.
    var result: (count: Int64, sha512: String) {
        state.withLock { ($0.count, Hex.encode($0.hasher.digest())) }
    }
}
