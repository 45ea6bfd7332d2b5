import Glibc
import NovaCore

/// The lock that writers of one file queue on, across processes: advisory locks on `PATH.lock` and `PATH.lock.next`.
///
/// Whoever waits holds `next` meanwhile, so a busy writer that has just released cannot overtake. Each wait is bounded;
/// the kernel releases the locks of a process that dies.
final class WriterLock: Sendable {
    private let current: Int32
    private let next: Int32
    private let limit: Duration

    init(path: String, limit: Duration = .seconds(10)) throws {
        current = try Self.open("\(path).lock")
        do {
            next = try Self.open("\(path).lock.next")
        } catch {
            close(current)
            throw error
        }
        self.limit = limit
    }

    deinit {
        close(current)
        close(next)
    }

    private static func open(_ path: String) throws -> Int32 {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw NovaError(
                .unavailable, "The database's lock file cannot be opened.",
                details: "\(path): \(String(cString: strerror(errno)))")
        }
        return descriptor
    }

    /// Takes the lock; throws `unavailable` when another process has kept it for the whole limit.
    func acquire() throws {
        let deadline = Deadline.after(limit)
        try wait(for: next, until: deadline)
        defer { flock(next, LOCK_UN) }
        try wait(for: current, until: deadline)
    }

    func release() { flock(current, LOCK_UN) }

    private func wait(for descriptor: Int32, until deadline: Deadline) throws {
        var pause = 50
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR, !deadline.hasPassed else {
                throw NovaError(
                    .unavailable, "The database is busy. Repeat the request.",
                    details: "the writers' lock: \(String(cString: strerror(errno)))")
            }
            // On the writer's own thread: a file lock has nothing else to wait on with a bound.
            usleep(UInt32(pause))
            pause = min(pause * 2, 1000)
        }
    }
}
