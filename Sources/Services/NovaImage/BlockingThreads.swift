import Glibc

/// A few threads on which tasks may block: files are read, written, synced and hashed here.
///
/// Prefer it for a task by `withTaskExecutorPreference`. The threads live as long as the process.
/// Unchecked: `jobs` is touched under the POSIX mutex only.
final class BlockingThreads: TaskExecutor, @unchecked Sendable {
    static let shared = BlockingThreads(count: 4)

    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let filled = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [UnownedJob] = []
    private var head = 0

    private init(count: Int) {
        pthread_mutex_init(lock, nil)
        pthread_cond_init(filled, nil)
        for _ in 0..<count {
            var thread = pthread_t()
            let code = pthread_create(
                &thread, nil,
                { raw in
                    if let raw { Unmanaged<BlockingThreads>.fromOpaque(raw).takeRetainedValue().work() }
                    return nil
                }, Unmanaged.passRetained(self).toOpaque())
            if code == 0 { pthread_detach(thread) }
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        pthread_mutex_lock(lock)
        jobs.append(job)
        pthread_cond_signal(filled)
        pthread_mutex_unlock(lock)
    }

    private func work() {
        while true {
            pthread_mutex_lock(lock)
            while head == jobs.count { pthread_cond_wait(filled, lock) }
            let job = jobs[head]
            head += 1
            if head == jobs.count || head >= 1024 {
                jobs.removeFirst(head)
                head = 0
            }
            pthread_mutex_unlock(lock)
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}
