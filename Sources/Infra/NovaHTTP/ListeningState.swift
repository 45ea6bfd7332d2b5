import NovaCore
import Synchronization

/// Tells whoever waits on which port a server listens, or why it does not.
final class ListeningState: Sendable {
    private struct State {
        var outcome: Result<Int, NovaError>?
        var waiting: [AsyncStream<Result<Int, NovaError>>.Continuation] = []
    }
    private let state = Mutex(State())

    /// Sets the outcome; later calls change nothing.
    func resolve(_ outcome: Result<Int, NovaError>) {
        let waiting = state.withLock { state in
            guard state.outcome == nil else { return [AsyncStream<Result<Int, NovaError>>.Continuation]() }
            state.outcome = outcome
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting {
            continuation.yield(outcome)
            continuation.finish()
        }
    }

    /// The port; waits until it is known or the task is cancelled.
    func port() async throws -> Int {
        let (stream, continuation) = AsyncStream<Result<Int, NovaError>>.makeStream(
            bufferingPolicy: .bufferingNewest(1))
        let known = state.withLock { state in
            if state.outcome == nil { state.waiting.append(continuation) }
            return state.outcome
        }
        if let known { return try known.get() }
        for await outcome in stream { return try outcome.get() }
        throw CancellationError()
    }
}
