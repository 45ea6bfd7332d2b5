import DequeModule
import NovaCore

/// What a worker runs and what it answered lately, so that a message that comes twice is run once.
struct ClientJobs {
    enum Known {
        case running
        case finished(MessageKind, [UInt8])
    }
    struct Job {
        let queue: QueueName
        /// The connection that the answer goes to.
        var link: Int
        /// The broker that counts the job's slot.
        let boot: UInt64
        var cancel: (@Sendable () -> Void)?
        var kind: MessageKind?
        var body: [UInt8] = []
        var finishedAt: Int64 = 0
    }

    private static let countLimit = 4_096
    private static let byteLimit = 16 << 20
    /// Twice the longest time that senders try again, in milliseconds.
    private static let age: Int64 = 600_000
    /// Answers that a new broker is told of: their senders may still ask.
    private static let claimed: Int64 = 120_000

    private var jobs: [MessageID: Job] = [:]
    private var finished: Deque<MessageID> = []
    private var bytes = 0
    private(set) var running = 0

    /// What is known of a message that came again; its answer then goes to this connection.
    mutating func meet(_ id: MessageID, link: Int) -> Known? {
        guard let job = jobs[id] else { return nil }
        jobs[id]?.link = link
        return job.kind.map { .finished($0, job.body) } ?? .running
    }

    mutating func begin(_ id: MessageID, queue: QueueName, link: Int, boot: UInt64) {
        jobs[id] = Job(queue: queue, link: link, boot: boot)
        running += 1
    }

    mutating func setCancel(_ id: MessageID, _ cancel: @escaping @Sendable () -> Void) { jobs[id]?.cancel = cancel }

    func cancel(_ id: MessageID) { jobs[id]?.cancel?() }

    func cancelAll() { for job in jobs.values { job.cancel?() } }

    /// Notes an answer; nil when the message is unknown or answered already.
    mutating func finish(_ id: MessageID, _ kind: MessageKind, _ body: [UInt8], now: Int64) -> Job? {
        guard let job = jobs[id], job.kind == nil else { return nil }
        jobs[id]?.kind = kind
        jobs[id]?.body = body
        jobs[id]?.cancel = nil
        jobs[id]?.finishedAt = now
        running -= 1
        bytes += body.count
        finished.append(id)
        while let oldest = finished.first, let entry = jobs[oldest],
            finished.count > Self.countLimit || bytes > Self.byteLimit || now - entry.finishedAt > Self.age
        {
            finished.removeFirst()
            jobs[oldest] = nil
            bytes -= entry.body.count
        }
        return job
    }

    /// What a broker that has just started should know of.
    func recent(now: Int64) -> [MessageID] {
        jobs.filter { $0.value.kind == nil || now - $0.value.finishedAt < Self.claimed }.map(\.key)
    }

    /// How many slots of a queue are used by work that this broker does not count.
    func foreign(to boot: UInt64, in queue: QueueName) -> Int {
        running == 0 ? 0 : jobs.values.count { $0.kind == nil && $0.queue == queue && $0.boot != boot }
    }
}
