#if DEBUG
import Glibc
import NovaCore
import Synchronization

/// The faults of this process: those of its configuration, and those that tests add.
public final class FaultPlan: Sendable {
    /// The plan that ``Faults`` asks.
    public static let shared = FaultPlan()

    private struct State {
        /// The oldest first.
        var rules: [(key: Int, rule: FaultRule)] = []
        var next = 0

        func index(of key: Int) -> Int? { rules.firstIndex { $0.key == key } }
    }
    /// Code of one of several daemons in a test's process: it is asked at each point, before the rules.
    ///
    /// A daemon that a test has killed waits there, for ever or until the test lets it go.
    @TaskLocal public static var daemon: (@Sendable () async throws -> Void)?

    private let state = Mutex(State())
    private let count = Atomic<Int>(0)

    /// Adds a fault.
    ///
    /// - Returns: what ``remove(_:)`` takes.
    @discardableResult
    public func add(_ rule: FaultRule) -> Int {
        count.add(1, ordering: .relaxed)
        return state.withLock { state in
            state.next += 1
            state.rules.append((state.next, rule))
            return state.next
        }
    }

    public func remove(_ key: Int) {
        let removed = state.withLock { state in state.index(of: key).map { state.rules.remove(at: $0) } }
        if removed != nil { count.subtract(1, ordering: .relaxed) }
    }

    /// How often a fault still happens.
    public func remaining(_ key: Int) -> Int {
        state.withLock { state in state.index(of: key).map { state.rules[$0].rule.count } ?? 0 }
    }

    var isActive: Bool { count.load(ordering: .relaxed) > 0 || Self.daemon != nil }

    func reach(_ name: String, _ subject: String) async throws {
        if let daemon = Self.daemon { try await daemon() }
        switch next(name, subject) {
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
        switch next(name, subject) {
        case nil, .run: break
        case .die: Self.die()
        case .fail(let error): throw error
        case .slow(let time): usleep(UInt32(clamping: time.microseconds))
        }
    }

    private func next(_ name: String, _ subject: String) -> FaultAction? {
        state.withLock { state in
            guard let index = state.rules.firstIndex(where: { $0.rule.matches(name, subject) }) else { return nil }
            if state.rules[index].rule.count < .max { state.rules[index].rule.count -= 1 }
            return state.rules[index].rule.action
        }
    }

    private static func die() {
        kill(getpid(), SIGKILL)
        pause()
    }
}
#endif
