import DequeModule
import Glibc

/// A bounded queue from tasks to the threads that wait on it.
///
/// The thread that came last to wait is woken first: what it did last is still in the caches, its own and those of the
/// database server's process that works for it, and the others sleep on.
///
/// Unchecked: `items`, `waiting` and `isClosed` are touched under `lock` only; a condition variable is what a thread can
/// wait on.
final class BlockingQueue<Element: Sendable>: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let closed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let limit: Int
    private var items = Deque<Element>()
    /// What wakes each waiting thread.
    private var waiting: [UnsafeMutablePointer<pthread_cond_t>] = []
    private var isClosed = false

    enum Refusal { case full, closed }

    init(limit: Int) {
        self.limit = limit
        pthread_mutex_init(lock, nil)
        pthread_cond_init(closed, nil)
    }

    deinit {
        pthread_cond_destroy(closed)
        pthread_mutex_destroy(lock)
        closed.deallocate()
        lock.deallocate()
    }

    /// Adds an item; says why when it cannot.
    func push(_ item: Element) -> Refusal? {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        if isClosed { return .closed }
        if items.count >= limit { return .full }
        items.append(item)
        if let last = waiting.popLast() { pthread_cond_signal(last) }
        return nil
    }

    /// Waits for items and takes some; empty once the queue is closed and drained.
    func take(atMost most: Int) -> [Element] {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        if items.isEmpty, !isClosed { wait() }
        let taken = Array(items.prefix(most))
        items.removeFirst(taken.count)
        return taken
    }

    private func wait() {
        let filled = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
        pthread_cond_init(filled, nil)
        while items.isEmpty, !isClosed {
            waiting.append(filled)
            pthread_cond_wait(filled, lock)
            // Woken by nobody, or by the end, it is still there.
            waiting.removeAll { $0 == filled }
        }
        pthread_cond_destroy(filled)
        filled.deallocate()
    }

    /// Removes and gives the items of a kind.
    func remove(where matches: (Element) -> Bool) -> [Element] {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        let removed = Array(items.filter(matches))
        if !removed.isEmpty { items.removeAll(where: matches) }
        return removed
    }

    /// Waits for a time, less when the queue is closed meanwhile; false once it is closed.
    func pause(milliseconds: Int) -> Bool {
        var end = timespec()
        clock_gettime(CLOCK_REALTIME, &end)
        end.tv_nsec += (milliseconds % 1000) * 1_000_000
        end.tv_sec += milliseconds / 1000 + end.tv_nsec / 1_000_000_000
        end.tv_nsec %= 1_000_000_000
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while !isClosed { if pthread_cond_timedwait(closed, lock, &end) == ETIMEDOUT { break } }
        return !isClosed
    }

    /// Refuses further items; those that wait are still served.
    func close() {
        pthread_mutex_lock(lock)
        isClosed = true
        for filled in waiting { pthread_cond_signal(filled) }
        pthread_cond_broadcast(closed)
        pthread_mutex_unlock(lock)
    }

    var count: Int {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return items.count
    }
}
