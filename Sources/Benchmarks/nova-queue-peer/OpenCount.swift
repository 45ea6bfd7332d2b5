import Synchronization

/// Counts what is under way.
final class OpenCount: Sendable {
    private let count = Atomic<Int>(0)

    /// Counts one more, unless there are so many already.
    func enter(limit: Int) -> Bool {
        guard count.add(1, ordering: .relaxed).newValue > limit else { return true }
        leave()
        return false
    }

    func leave() { count.subtract(1, ordering: .relaxed) }
}
