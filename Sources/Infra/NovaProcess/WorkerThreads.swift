import Glibc
import NovaCore
import Synchronization

/// A small fixed set of named threads for calls that block, so that they never hold up Swift's own threads.
///
/// The queue before the threads is bounded. A call that is cancelled, or whose deadline passes, returns to its
/// caller at once; the C function it stands in goes on alone, as nothing can stop it.
public final class WorkerThreads: Sendable {
    private let queue: BlockingQueue

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - name: what the threads are called in `ps -L`, cut at 15 bytes.
    ///   - count: how many calls run at a time.
    ///   - limit: how many calls may wait.
    public init(name: String, count: Int, limit: Int = 4096) {
        queue = BlockingQueue(limit: limit)
        for index in 0..<max(1, count) {
            NamedThread.start(name: "\(String(name.prefix(12)))-\(index)") { [queue] in
                while let job = queue.next() { job() }
            }
        }
    }

    deinit { queue.close() }

    /// Runs a blocking body on one of the threads.
    ///
    /// - Throws: what the body throws, `CancellationError`, or ``NovaError`` `unavailable` when too many calls wait.
    public func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        let answer = OneAnswer<T>()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard answer.wait(continuation) else { return }
                let queued = queue.put {
                    guard answer.isAwaited else { return }
                    answer.resume(Result { try body() })
                }
                if !queued {
                    answer.resume(.failure(NovaError(.unavailable, "The service is too busy. Try again later.")))
                }
            }
        } onCancel: {
            answer.resume(.failure(CancellationError()))
        }
    }

    /// Runs a blocking body on one of the threads, and gives up waiting for it at the deadline.
    ///
    /// - Throws: as ``run(_:)``, and ``NovaError`` `timeout` naming the action.
    public func run<T: Sendable>(
        within limit: Duration, _ action: String, _ body: @escaping @Sendable () throws -> T
    ) async throws -> T {
        try await Deadline.after(limit).bound(action) { try await self.run(body) }
    }
}

/// The continuation of one call, resumed by whoever comes first: the thread, a cancellation, a full queue.
private final class OneAnswer<T: Sendable>: Sendable {
    private enum State {
        case new
        case waiting(CheckedContinuation<T, any Error>)
        case done
    }
    private let state = Mutex<State>(.new)

    /// Whether somebody still wants the answer.
    var isAwaited: Bool { state.withLock { if case .waiting = $0 { true } else { false } } }

    /// Registers the continuation; false, with the continuation resumed, when the call was cancelled before.
    func wait(_ continuation: CheckedContinuation<T, any Error>) -> Bool {
        let registered = state.withLock { state in
            guard case .new = state else { return false }
            state = .waiting(continuation)
            return true
        }
        if !registered { continuation.resume(throwing: CancellationError()) }
        return registered
    }

    func resume(_ result: Result<T, any Error>) {
        let waiting = state.withLock { state -> CheckedContinuation<T, any Error>? in
            defer { state = .done }
            if case .waiting(let continuation) = state { return continuation }
            return nil
        }
        waiting?.resume(with: result)
    }
}
