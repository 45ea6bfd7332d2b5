import NIOCore

/// A connection whose bytes are read by tasks; what is written goes to its channel, which says when it is written.
typealias ByteChannel = NIOAsyncChannel<ByteBuffer, Never>

/// Serves the connections that a listening channel accepts.
enum AcceptLoop {
    /// Runs until the task is cancelled; then it accepts no more, and what is being served is cancelled.
    static func run(
        _ server: NIOAsyncChannel<ByteChannel, Never>, serve: @escaping @Sendable (ByteChannel) async -> Void
    ) async throws {
        // A task that is not cancelled: each connection that was accepted must be taken, if only to be closed.
        let work = Task {
            try await server.executeThenClose { inbound in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in inbound { group.addTask { await serve(connection) } }
                    group.cancelAll()
                }
            }
        }
        try await withTaskCancellationHandler {
            try await work.value
        } onCancel: {
            server.channel.close(promise: nil)
        }
    }
}
