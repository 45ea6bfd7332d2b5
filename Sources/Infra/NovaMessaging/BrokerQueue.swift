import DequeModule
import NovaCore

/// The bytes that wait in all queues.
final class ByteTally {
    var bytes = 0
}

/// One queue: messages in order, in two classes; workers with the least recently used first.
final class BrokerQueue {
    /// Of so many messages one is periodic work, when both wait.
    private static let share = 8
    /// How far the line is searched for a message that a free worker knows.
    private static let reach = 64

    let name: QueueName
    var workers: [BrokerWorker] = []
    var ready = 0
    var bytes = 0
    var inFlight = 0
    var held = 0
    /// No waiting message expires before this.
    var nextExpiry = Int64.max
    var lastUsed: Int64
    var status = QueueStatus()
    var countIn = 0
    var countOut = 0
    /// When workers were told that messages wait here.
    var askedAt: Int64 = 0
    /// Workers that are here no longer: what they did they cannot be asked.
    private(set) var departed: [DepartedWorker] = []

    private var urgent: Deque<BrokerMessage> = []
    private var background: Deque<BrokerMessage> = []
    private var turn = 0
    private let tally: ByteTally

    init(name: QueueName, tally: ByteTally, now: Int64) {
        self.name = name
        self.tally = tally
        lastUsed = now
        status.name = name.description
        status.kind = String(describing: name.kind)
    }

    /// One order for all runs, so that rules can be replayed.
    static func isBefore(_ one: BrokerQueue, _ other: BrokerQueue) -> Bool {
        (one.name.kind.rawValue, one.status.name) < (other.name.kind.rawValue, other.status.name)
    }

    // MARK: Workers

    /// The free worker that has waited longest and knows the message; it goes to the end of the line.
    func nextWorker(for header: MessageHeader) -> BrokerWorker? {
        guard let index = workers.firstIndex(where: { $0.isFree && $0.knows(header) }) else { return nil }
        let worker = workers[index]
        if index < workers.count - 1 {
            workers.remove(at: index)
            workers.append(worker)
        }
        return worker
    }

    func leave(_ peer: BrokerPeer, isSilent: Bool, now: Int64) {
        guard workers.contains(where: { $0.peer === peer }) else { return }
        workers.removeAll { $0.peer === peer }
        departed.removeAll { now - $0.at > 120_000 }
        if departed.count >= 1_000 { departed.removeFirst() }
        departed.append(DepartedWorker(instance: peer.instance, at: now, isSilent: isSilent))
    }

    func join(_ worker: BrokerWorker) {
        departed.removeAll { $0.instance == worker.peer.instance }
        workers.append(worker)
    }

    /// Whether a worker that is dead now may have had a message that another broker lost at a time.
    ///
    /// One that has started since may stand in for another one that never was here.
    func hasLostWorker(since time: Int64) -> Bool {
        departed.contains { !$0.isSilent && $0.at >= time } || workers.contains { $0.peer.startedAt >= time }
    }

    /// Whether a worker is silent: it may live, work for another broker, and come back.
    var missesWorker: Bool { departed.contains(where: \.isSilent) }

    // MARK: Messages

    /// The messages that wait, first those that somebody waits for.
    var pending: [BrokerMessage] { (urgent + background).filter { $0.state == .pending } }

    var oldest: BrokerMessage? {
        let first = [urgent, background].compactMap { $0.first { $0.state == .pending } }
        return first.min { $0.order < $1.order }
    }

    /// Puts a message at the end, or where its arrival belongs when it was delivered or held before.
    func add(_ message: BrokerMessage, front: Bool) {
        message.state = .pending
        if message.header.flags.contains(.background) {
            Self.add(message, to: &background, front: front)
        } else {
            Self.add(message, to: &urgent, front: front)
        }
        ready += 1
        bytes += message.size
        tally.bytes += message.size
        nextExpiry = min(nextExpiry, message.deadline)
    }

    private static func add(_ message: BrokerMessage, to line: inout Deque<BrokerMessage>, front: Bool) {
        let index = front ? line.firstIndex { $0.order > message.order } : nil
        line.insert(message, at: index ?? line.endIndex)
    }

    /// The next message for which there is a worker, with that worker; both are the caller's then.
    func next() -> (message: BrokerMessage, worker: BrokerWorker)? {
        guard ready > 0, workers.contains(where: \.isFree) else { return nil }
        turn &+= 1
        let isLate = turn % Self.share == 0
        let found = isLate ? (take(&background) ?? take(&urgent)) : (take(&urgent) ?? take(&background))
        if found == nil { turn &-= 1 }
        return found
    }

    private func take(_ line: inout Deque<BrokerMessage>) -> (message: BrokerMessage, worker: BrokerWorker)? {
        while let first = line.first, first.state != .pending { line.removeFirst() }
        for index in line.indices.prefix(Self.reach) {
            let message = line[index]
            guard message.state == .pending, let worker = nextWorker(for: message.header) else { continue }
            if index == line.startIndex { line.removeFirst() } else { line.remove(at: index) }
            return (message, worker)
        }
        return nil
    }

    /// Counts a message that is pending no longer; its place in the line is passed over later.
    func forget(_ message: BrokerMessage, as state: BrokerMessage.State) {
        guard message.state == .pending else { return }
        message.state = state
        ready -= 1
        bytes -= message.size
        tally.bytes -= message.size
    }

    /// Drops the places of messages that are pending no longer.
    func compact() {
        urgent.removeAll { $0.state != .pending }
        background.removeAll { $0.state != .pending }
    }
}

/// A worker that is not connected any more.
struct DepartedWorker {
    let instance: UInt64
    let at: Int64
    /// It did not close its connection: its host may be down, or the network between.
    let isSilent: Bool
}

/// Whether all workers can be asked for a message that was sent to another broker before.
enum MissingWorker {
    case nobody
    /// One is silent: it may come back and say so.
    case silent
    case dead
}
