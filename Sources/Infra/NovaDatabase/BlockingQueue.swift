import DequeModule
import Glibc

/// A bounded queue from tasks to the threads that wait on it.
///
/// Unchecked: `items` and `isClosed` are touched under `lock` only; a condition variable is what a thread can wait on.
final class BlockingQueue<Element: Sendable>: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let filled = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let closed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let limit: Int
    private var items = Deque<Element>()
    private var isClosed = false

    enum Refusal { case full, closed }

    init(limit: Int) {
        self.limit = limit
        pthread_mutex_init(lock, nil)
        pthread_cond_init(filled, nil)
        pthread_cond_init(closed, nil)
    }

    deinit {
        pthread_cond_destroy(filled)
        pthread_cond_destroy(closed)
        pthread_mutex_destroy(lock)
        filled.deallocate()
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
        pthread_cond_signal(filled)
        return nil
    }

    /// Waits for items and takes some; empty once the queue is closed and drained.
    func take(atMost most: Int) -> [Element] {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while items.isEmpty, !isClosed { pthread_cond_wait(filled, lock) }
        let taken = Array(items.prefix(most))
        items.removeFirst(taken.count)
        return taken
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
        pthread_cond_broadcast(filled)
        pthread_cond_broadcast(closed)
        pthread_mutex_unlock(lock)
    }

    var count: Int {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return items.count
    }
}
