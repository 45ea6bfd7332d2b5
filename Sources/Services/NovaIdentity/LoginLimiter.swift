import NovaCore
import Synchronization

/// Slows down guessing: after a few wrong passwords for one name, that name gets one attempt per pause.
///
/// Names are counted whether or not such a user exists, so the answer says nothing about that.
final class LoginLimiter: Sendable {
    private struct Entry {
        var failures: Int
        var last: ContinuousClock.Instant
    }
    /// Wrong attempts that are free of pauses.
    static let freeFailures = 8
    static let pause = Duration.seconds(2)
    /// Failures are forgotten after so much quiet.
    static let memory = Duration.seconds(300)
    private static let capacity = 4096

    private let entries = Mutex<[String: Entry]>([:])

    /// Whether an attempt may be made now; it counts as made.
    func admit(_ name: String, at now: ContinuousClock.Instant = .now) -> Bool {
        entries.withLock { entries in
            guard var entry = entries[name] else { return true }
            guard now - entry.last < Self.memory else {
                entries[name] = nil
                return true
            }
            guard entry.failures >= Self.freeFailures else { return true }
            guard now - entry.last >= Self.pause else { return false }
            entry.last = now
            entries[name] = entry
            return true
        }
    }

    /// Notes how an attempt ended.
    func finish(_ name: String, succeeded: Bool, at now: ContinuousClock.Instant = .now) {
        entries.withLock { entries in
            if succeeded {
                entries[name] = nil
                return
            }
            if entries.count >= Self.capacity, entries[name] == nil {
                entries = entries.filter { now - $0.value.last < Self.pause }
                // Under a flood of names none is worth keeping more than another.
                if entries.count >= Self.capacity { entries.removeAll() }
            }
            entries[name] = Entry(failures: (entries[name]?.failures ?? 0) + 1, last: now)
        }
    }
}
