import NovaCore
import NovaProcess
import NovaTelemetry

/// How far the fetch of a file is.
public struct TransferProgress: Sendable, Equatable {
    /// Bytes of the file, holes included.
    public var total: Int64 = 0
    /// How much of them is there.
    public var done: Int64 = 0
    /// Bytes that came over the network in this fetch.
    public var received: Int64 = 0
}

/// Fetches a file; after a broken connection it goes on where the last one ended.
struct FileFetcher {
    let connector: TransferConnector
    let threads: WorkerThreads
    let metrics: TransferMetrics
    let peer: TransferPeer
    let onProgress: @Sendable (TransferProgress) -> Void

    private var progress = TransferProgress()

    init(
        _ connector: TransferConnector, threads: WorkerThreads, metrics: TransferMetrics, peer: TransferPeer,
        onProgress: @escaping @Sendable (TransferProgress) -> Void
    ) {
        self.connector = connector
        self.threads = threads
        self.metrics = metrics
        self.peer = peer
        self.onProgress = onProgress
    }

    /// Fetches the file to a path, and says how many bytes came over the network.
    mutating func fetch(_ file: OfferedFile, to path: String) async throws -> Int64 {
        let part = try await threads.run { try PartFile(file, to: path) }
        let (next, digest) = try await threads.run { try part.resume() }
        progress.total = file.size
        var state = FetchState(file, next: next, digest: digest)
        var failures = 0
        while true {
            let before = state.next
            do {
                try await session(&state, part)
                return progress.received
            } catch {
                let error = TransferLink.error(error)
                // What came is not what was offered: the next try begins anew.
                if error.code == .conflict { try await threads.run { part.discard() } }
                guard error.code == .unavailable || error.code == .timeout else { throw error.during(file.name) }
                failures = state.next > before ? 1 : failures + 1
                guard failures < connector.limits.attempts else { throw error.during(file.name) }
            }
            state.reconnected()
            try await SteadyClock.sleep(for: connector.limits.pause * (1 << min(failures - 1, 5)))
        }
    }

    /// One connection: it ends when the file is whole, or throws.
    private mutating func session(_ state: inout FetchState, _ part: PartFile) async throws {
        try await connector.connect(to: peer) { reader, writer in
            while let frame = try await reader.next() {
                switch try state.handle(frame) {
                case .nothing: continue
                case .ask: try await writer.send(.fetch(state.request))
                case .write(let index, let bytes):
                    try await threads.run { try part.write(index, bytes) }
                    metrics.received.inc(by: bytes.count)
                    progress.received += Int64(bytes.count)
                    // In range: the state has checked that the block lies in the file.
                    progress.done = min(part.file.size, Int64(index + 1) * Int64(BlockDigest.blockSize))
                    onProgress(progress)
                case .complete:
                    try await threads.run { try part.finish() }
                    progress.done = part.file.size
                    return onProgress(progress)
                }
            }
            throw TransferLink.broken("before the end of a file")
        }
    }
}
