import DequeModule
import NovaCore

/// What a worker has been given: messages that wait for the broker's word, that run, and that ended lately, so that one
/// that comes twice is run once.
struct ClientJobs {
    enum Known {
        case running
        case finished(MessageKind, [UInt8])
    }
    /// A message that was taken and may not begin yet.
    struct Waiting {
        let delivery: Delivery
        let link: Int
        let boot: UInt64
        let deadline: Int64
    }
    struct Job {
        let queue: QueueName
        let isCall: Bool
        /// The connections that it came over, the last one at the end: all their brokers wait for its end.
        var links: [Int]
        /// The broker that counts the job's slot.
        let boot: UInt64
        var reportAt: Int64
        var kind: MessageKind?
        var body: [UInt8] = []
        var finishedAt: Int64 = 0
    }

    /// Whose slot a running job uses.
    private struct Use: Hashable {
        let queue: QueueName
        let boot: UInt64
    }

    private static let countLimit = 4_096
    private static let byteLimit = 16 << 20
    /// Twice the longest time that senders try again, in milliseconds.
    private static let age: Int64 = 600_000
    /// How late the word of a broker may be after a message's deadline, in milliseconds.
    private static let patience: Int64 = 60_000
    /// A third of the silence that callers bear, in milliseconds.
    private static let report: Int64 = 20_000

    private var jobs: [MessageID: Job] = [:]
    /// How many jobs run, without looking at the thousands that have ended.
    private var uses: [Use: Int] = [:]
    private var held: [MessageID: Waiting] = [:]
    private var finished: Deque<MessageID> = []
    private var bytes = 0
    private var nextReport = Int64.max
    private(set) var running = 0
    /// Counts up with each end.
    private(set) var ended: UInt64 = 0

    var live: [MessageID] { jobs.filter { $0.value.kind == nil }.map(\.key).sorted(by: MessageID.isBefore) }

    /// What is known of a message that came again; its end then goes to this connection too.
    mutating func meet(_ id: MessageID, link: Int) -> Known? {
        guard let job = jobs[id] else { return nil }
        if job.links.last != link { jobs[id]?.links = job.links.filter { $0 != link } + [link] }
        return job.kind.map { .finished($0, job.body) } ?? .running
    }

    // MARK: Waiting

    mutating func hold(_ delivery: Delivery, link: Int, boot: UInt64, deadline: Int64) {
        held[delivery.header.id] = Waiting(delivery: delivery, link: link, boot: boot, deadline: deadline)
    }

    func waiting(_ id: MessageID) -> Waiting? { held[id] }

    /// Forgets what has waited for long after the end of its time: its broker has given it to another worker, or is lost.
    mutating func dropLate(now: Int64) {
        guard held.contains(where: { now - $0.value.deadline > Self.patience }) else { return }
        held = held.filter { now - $0.value.deadline <= Self.patience }
    }

    var waitingCount: Int { held.count }

    mutating func drop(_ id: MessageID) { held[id] = nil }

    /// Forgets what waits for the word of a broker that is there no longer.
    mutating func dropWaiting(at link: Int, exceptBoot boot: UInt64) {
        held = held.filter { $0.value.link != link || $0.value.boot == boot }
    }

    // MARK: Running

    mutating func begin(_ delivery: Delivery, link: Int, boot: UInt64, now: Int64) {
        jobs[delivery.header.id] = Job(
            queue: delivery.header.queue, isCall: delivery.header.kind == .call, links: [link], boot: boot,
            reportAt: now + Self.report)
        nextReport = min(nextReport, now + Self.report)
        running += 1
        uses[Use(queue: delivery.header.queue, boot: boot), default: 0] += 1
    }

    /// Lets a waiting message run.
    mutating func start(_ id: MessageID, now: Int64) {
        guard let waiting = held.removeValue(forKey: id) else { return }
        begin(waiting.delivery, link: waiting.link, boot: waiting.boot, now: now)
    }

    func running(in queue: QueueName) -> Int {
        uses.reduce(0) { $0 + ($1.key.queue == queue ? $1.value : 0) }
    }

    /// Calls whose callers should hear that the work goes on.
    mutating func due(now: Int64) -> [(id: MessageID, link: Int)] {
        guard nextReport <= now else { return [] }
        nextReport = Int64.max
        var due: [(id: MessageID, link: Int)] = []
        for (id, job) in jobs where job.kind == nil && job.isCall {
            if job.reportAt <= now {
                if let link = job.links.last { due.append((id, link)) }
                jobs[id]?.reportAt = now + Self.report
            }
            nextReport = min(nextReport, jobs[id]?.reportAt ?? Int64.max)
        }
        return due.sorted { MessageID.isBefore($0.id, $1.id) }
    }

    // MARK: Ended

    /// Notes an end, in the form that the message's kind wants; nil when the message is unknown or has ended already.
    mutating func finish(_ id: MessageID, _ kind: MessageKind, _ body: [UInt8], now: Int64) -> Job? {
        guard var job = jobs[id], job.kind == nil else { return nil }
        job.kind = job.isCall ? kind : .done
        job.body = job.isCall ? body : []
        job.finishedAt = now
        jobs[id] = job
        running -= 1
        let use = Use(queue: job.queue, boot: job.boot)
        let others = (uses[use] ?? 1) - 1
        uses[use] = others > 0 ? others : nil
        ended &+= 1
        bytes += job.body.count
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

    /// How many slots of a queue are used by work that this broker does not count.
    func foreign(to boot: UInt64, in queue: QueueName) -> Int {
        uses.reduce(0) { $0 + ($1.key.queue == queue && $1.key.boot != boot ? $1.value : 0) }
    }
}
