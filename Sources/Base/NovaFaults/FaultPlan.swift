#if DEBUG
import Glibc
import NovaCore
import Synchronization

/// The faults of this process: those of its configuration, and those that tests add.
public final class FaultPlan: Sendable {
    /// The plan that ``Faults`` asks.
    public static let shared = FaultPlan()

    /// Code of one of several daemons in a test's process: it is asked at each point, before the rules.
    ///
    /// A daemon that a test has killed waits there, for ever or until the test lets it go.
    @TaskLocal public static var daemon: (@Sendable () async throws -> Void)?

    private let rules = Mutex(FaultRules())
    private let count = Atomic<Int>(0)

    /// Adds a fault.
    ///
    /// - Returns: what ``remove(_:)`` takes.
    @discardableResult
    public func add(_ rule: FaultRule) -> Int {
        count.add(1, ordering: .relaxed)
        return rules.withLock { $0.add(rule) }
    }

    public func remove(_ key: Int) {
        if rules.withLock({ $0.remove(key) }) { count.subtract(1, ordering: .relaxed) }
    }

    /// How often a fault still happens.
    public func remaining(_ key: Int) -> Int {
        rules.withLock { $0.remaining(key) }
    }

    var isActive: Bool { count.load(ordering: .relaxed) > 0 || Self.daemon != nil }

    func reach(_ name: String, _ subject: String) async throws {
        if let daemon = Self.daemon { try await daemon() }
        switch rules.withLock({ $0.take(name, subject) }) {
        case nil: break
        case .die: Self.die()
        case .fail(let error): throw error
        case .slow(let time): try await SteadyClock.sleep(for: time)
        case .run(let body):
            try await body()
            if let daemon = Self.daemon { try await daemon() }
        }
    }

    func reachBlocking(_ name: String, _ subject: String) throws {
        switch rules.withLock({ $0.take(name, subject) }) {
        case nil, .run: break
        case .die: Self.die()
        case .fail(let error): throw error
        case .slow(let time): usleep(UInt32(clamping: time.microseconds))
        }
    }

    private static func die() {
        kill(getpid(), SIGKILL)
        pause()
    }
}
#endif
