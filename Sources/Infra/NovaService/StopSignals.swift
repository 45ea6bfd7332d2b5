import Dispatch
import Glibc
import Synchronization

/// SIGTERM and SIGINT as something to wait for; a second one ends the process at once.
final class StopSignals: Sendable {
    private let stream: AsyncStream<Int32>
    /// Only kept alive: set once here, never used again.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]
    private let seen = Atomic<Bool>(false)

    init() {
        let (stream, continuation) = AsyncStream<Int32>.makeStream(bufferingPolicy: .bufferingOldest(1))
        self.stream = stream
        signal(SIGPIPE, SIG_IGN)
        let queue = DispatchQueue(label: "nova.signals")
        sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: queue)
        }
        for (source, number) in zip(sources, [SIGTERM, SIGINT]) {
            source.setEventHandler { [weak self] in
                guard let self else { return }
                if seen.exchange(true, ordering: .relaxed) { _exit(128 + number) }
                continuation.yield(number)
            }
            source.resume()
        }
    }

    /// The first signal; nil when the task was cancelled before.
    func first() async -> Int32? {
        for await number in stream { return number }
        return nil
    }
}
