import NovaCore
import NovaProcess
import NovaTelemetry

/// Sends files block by block, and no holes; it holds one block at a time.
struct FileSender: Sendable {
    let threads: WorkerThreads
    let metrics: TransferMetrics

    /// Sends a file from a block on.
    ///
    /// - Throws: ``NovaError`` `conflict` when it is not as long as it was offered, and what the connection ends with.
    func send(_ file: OfferedFile, at path: String, from block: UInt64, to writer: LinkWriter) async throws {
        let source = try await threads.run { try SourceFile(path) }
        guard source.size == file.size else {
            throw NovaError(.conflict, "A file of the server changed after it was offered.", details: file.name)
        }
        var at = block
        while true {
            switch try await threads.run({ [at] in try source.next(from: at) }) {
            case .block(let index, let bytes):
                try await writer.send(.block(index: index, bytes: bytes[...]))
                metrics.sent.inc(by: bytes.count)
                at = index + 1
            case .nothing(let next):
                // Zeros take time as well: the other host hears that we are at it.
                try await writer.send(.beat)
                at = next
            case .end: return try await writer.send(.end)
            }
        }
    }
}
