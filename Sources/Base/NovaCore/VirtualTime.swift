#if DEBUG
import Glibc
import Synchronization

/// A clock that stands still until a simulation moves it on: work takes no time, and waiting takes no work.
///
/// It is the whole process's, as threads of all kinds ask it. It moves in ticks: what is due within one comes at its end.
public final class VirtualTime: Sendable {
    private struct Timer {
        let due: ContinuousClock.Instant
        let continuation: CheckedContinuation<Void, any Error>
    }
    /// A thread that waits for something else at the same time.
    private struct Waiter {
        let due: ContinuousClock.Instant
        let wake: @Sendable () -> Void
    }
    private struct State {
        var elapsed = Duration.zero
        var isOver = false
        var timers: [UInt64: Timer] = [:]
        /// Sleeps that were cancelled before they began.
        var cancelled: Set<UInt64> = []
        var waiters: [UInt64: Waiter] = [:]
        var lastKey: UInt64 = 0

        mutating func newKey() -> UInt64 {
            lastKey += 1
            return lastKey
        }
    }
    private static let installed = Mutex<VirtualTime?>(nil)
    private static let isInstalled = Atomic<Bool>(false)

    private let tick: Duration
    private let start = ContinuousClock.Instant.now
    private let startMilliseconds: Int64
    private let startTimestamp: Timestamp
    private let state = Mutex(State())

    private init(tick: Duration) {
        self.tick = tick
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        startMilliseconds = Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec) / 1_000_000
        startTimestamp = .now()
    }

    /// The clock of this process while it is virtual.
    public static var current: VirtualTime? {
        isInstalled.load(ordering: .acquiring) ? installed.withLock { $0 } : nil
    }

    /// Makes the clock of this process virtual from now on.
    public static func install(tick: Duration) -> VirtualTime {
        let time = VirtualTime(tick: tick)
        installed.withLock { $0 = time }
        isInstalled.store(true, ordering: .releasing)
        return time
    }

    /// Gives the process the machine's clock back; sleeps that have not ended are cancelled.
    public func uninstall() {
        Self.isInstalled.store(false, ordering: .releasing)
        Self.installed.withLock { $0 = nil }
        let (timers, waiters) = state.withLock { state in
            state.isOver = true
            defer { (state.timers, state.waiters) = ([:], [:]) }
            return (state.timers, state.waiters)
        }
        for timer in timers.values { timer.continuation.resume(throwing: CancellationError()) }
        for waiter in waiters.values { waiter.wake() }
    }

    public var elapsed: Duration { state.withLock { $0.elapsed } }
    public var now: ContinuousClock.Instant { start + elapsed }
    /// The same as the system's monotonic clock tells it.
    public var milliseconds: Int64 { startMilliseconds &+ elapsed.milliseconds }
    /// The wall clock.
    public var timestamp: Timestamp { startTimestamp.adding(elapsed) }

    func sleep(until due: ContinuousClock.Instant) async throws {
        let key = state.withLock { $0.newKey() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let error = state.withLock { state -> (any Error)?? in
                    if state.cancelled.remove(key) != nil || state.isOver { return .some(CancellationError()) }
                    if due <= start + state.elapsed { return .some(nil) }
                    state.timers[key] = Timer(due: due, continuation: continuation)
                    return nil
                }
                switch error {
                case nil: break
                case .some(nil): continuation.resume()
                case .some(.some(let error)): continuation.resume(throwing: error)
                }
            }
        } onCancel: {
            let timer = state.withLock { state in
                let timer = state.timers.removeValue(forKey: key)
                if timer == nil { state.cancelled.insert(key) }
                return timer
            }
            timer?.continuation.resume(throwing: CancellationError())
        }
        state.withLock { _ = $0.cancelled.remove(key) }
    }

    /// Has a thread wait in a body, which `wake` ends when so much time has passed.
    public func waiting<T>(_ duration: Duration, wake: @escaping @Sendable () -> Void, _ body: () -> T) -> T {
        let key = state.withLock { state in
            let key = state.newKey()
            state.waiters[key] = Waiter(due: start + state.elapsed + duration, wake: wake)
            return key
        }
        defer { state.withLock { _ = $0.waiters.removeValue(forKey: key) } }
        return body()
    }

    /// Moves on to the next moment for which anybody waits.
    ///
    /// Only a simulation calls it, when nobody works.
    /// - Returns: false when nobody waits for any.
    public func advance() -> Bool {
        let due = state.withLock { state -> (timers: [Timer], waiters: [Waiter])? in
            guard let next = (state.timers.values.map(\.due) + state.waiters.values.map(\.due)).min() else {
                return nil
            }
            let ticks = max(1, Int(((start.duration(to: next) - state.elapsed) / tick).rounded(.up)))
            state.elapsed += tick * ticks
            let now = start + state.elapsed
            let timers = state.timers.filter { $0.value.due <= now }
            for key in timers.keys { state.timers[key] = nil }
            // A thread goes on waiting until it has seen that it was woken.
            return (timers.sorted { $0.key < $1.key }.map(\.value), state.waiters.values.filter { $0.due <= now })
        }
        guard let due else { return false }
        for timer in due.timers { timer.continuation.resume() }
        for waiter in due.waiters { waiter.wake() }
        return true
    }
}
#endif
