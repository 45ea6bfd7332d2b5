import NIOCore

/// Runs tasks on the thread of an event loop.
///
/// A request whose task runs where its connection lives is read, answered and written without waking another thread.
final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        // The task may be over, and we with it, before the job returns: hence `self`.
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
