#if DEBUG
import Glibc
import NovaCore
import Synchronization

/// Virtual time for a test that has its process for itself: the clock stands still as long as any thread works, and
/// goes on to the next moment that somebody waits for when all wait.
///
/// What a thread does is what the kernel says of it, so that broker, databases and drivers need not know of it.
public final class SimulatedTime: Sendable {
    private let time: VirtualTime
    private let isEnding = Atomic<Bool>(false)
    private let hasEnded = Atomic<Bool>(false)

    /// - Parameter tick: moments closer together than this become one.
    public init(tick: Duration = .milliseconds(500)) throws {
        time = VirtualTime.install(tick: tick)
        var thread = pthread_t()
        let box = Unmanaged.passRetained(self)
        let status = pthread_create(
            &thread, nil,
            { box in
                guard let box else { return nil }
                Unmanaged<SimulatedTime>.fromOpaque(box).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        guard status == 0 else {
            box.release()
            time.uninstall()
            throw NovaError(.internal, "no thread for the clock: error \(status)")
        }
        pthread_detach(thread)
    }

    /// Since the beginning.
    public var elapsed: Duration { time.elapsed }

    /// Ends it: the process's clock is the machine's again.
    public func end() {
        isEnding.store(true, ordering: .releasing)
        while !hasEnded.load(ordering: .acquiring) { usleep(100) }
        time.uninstall()
    }

    private func run() {
        var threads = ThreadStates()
        var before = 0
        while !isEnding.load(ordering: .acquiring) {
            let now = Self.switches()
            if now == before, threads.allWait(), now == Self.switches() {
                if !time.advance() { usleep(500) }
            } else {
                before = now
                usleep(30)
            }
        }
        hasEnded.store(true, ordering: .releasing)
    }

    /// How often other threads of the process have gone to sleep or were made to wait: none has run while it stays.
    private static func switches() -> Int {
        var (all, own) = (rusage(), rusage())
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &all)
        // RUSAGE_THREAD, which the module does not have.
        getrusage(1, &own)
        return all.ru_nvcsw + all.ru_nivcsw - own.ru_nvcsw - own.ru_nivcsw
    }
}
#endif
