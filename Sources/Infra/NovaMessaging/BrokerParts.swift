import DequeModule
import NovaCore

/// A connected process.
final class BrokerPeer {
    let instance: UInt64
    let name: PeerName
    var version: UInt16
    /// Nil while the connection is lost and the peer may still return.
    var route: PeerRoute?
    var lastHeard: Int64
    /// When a lost peer counts as dead.
    var deadAt: Int64?
    var queues: Set<QueueName> = []
    /// Messages that it works on.
    var delivered: Set<MessageID> = []
    /// Calls that it waits for.
    var waitsFor: Set<MessageID> = []

    init(instance: UInt64, name: PeerName, version: UInt16, route: PeerRoute, now: Int64) {
        self.instance = instance
        self.name = name
        self.version = version
        self.route = route
        lastHeard = now
    }
}

/// A peer's service at one queue.
final class BrokerWorker {
    let peer: BrokerPeer
    var slots: Int
    var busy = 0

    init(peer: BrokerPeer, slots: Int) {
        self.peer = peer
        self.slots = slots
    }

    var isFree: Bool { slots > busy && peer.route != nil }
}

/// A message that the broker is responsible for.
final class BrokerMessage {
    enum State { case held, pending, delivered, dropped }

    var header: MessageHeader
    let body: [UInt8]
    let sender: BrokerPeer
    let arrived: Int64
    let deadline: Int64
    var state = State.pending
    var worker: BrokerPeer?
    /// The slot it uses; nil when it was delivered without one.
    var slot: BrokerWorker?
    var isTaken = false

    init(header: MessageHeader, body: [UInt8], sender: BrokerPeer, arrived: Int64, deadline: Int64) {
        self.header = header
        self.body = body
        self.sender = sender
        self.arrived = arrived
        self.deadline = deadline
    }

    var isCall: Bool { header.kind == .call }
    var size: Int { body.count + 64 }
}

/// The bytes that wait in all queues.
final class ByteTally {
    var bytes = 0
}

/// One queue: messages in order, workers with the least recently used first.
final class BrokerQueue {
    let name: QueueName
    var pending: Deque<BrokerMessage> = []
    var workers: [BrokerWorker] = []
    var ready = 0
    var bytes = 0
    var inFlight = 0
    /// No waiting message expires before this.
    var nextExpiry = Int64.max
    var lastUsed: Int64
    var status = QueueStatus()
    var countIn = 0
    var countOut = 0

    private let tally: ByteTally

    init(name: QueueName, tally: ByteTally, now: Int64) {
        self.name = name
        self.tally = tally
        lastUsed = now
        status.name = name.description
        status.kind = String(describing: name.kind)
    }

    /// The free worker that has waited longest; it goes to the end of the line.
    func nextWorker() -> BrokerWorker? {
        guard let index = workers.firstIndex(where: \.isFree) else { return nil }
        let worker = workers[index]
        if index < workers.count - 1 {
            workers.remove(at: index)
            workers.append(worker)
        }
        return worker
    }

    /// Puts a message at the end, or at the front when it was delivered before.
    func add(_ message: BrokerMessage, front: Bool) {
        message.state = .pending
        if front { pending.prepend(message) } else { pending.append(message) }
        ready += 1
        bytes += message.size
        tally.bytes += message.size
        nextExpiry = min(nextExpiry, message.deadline)
    }

    /// Counts a message that is pending no longer; its place in the line is passed over later.
    func forget(_ message: BrokerMessage, as state: BrokerMessage.State) {
        guard message.state == .pending else { return }
        message.state = state
        ready -= 1
        bytes -= message.size
        tally.bytes -= message.size
    }
}

/// Which worker got which message, for the last so many messages.
struct HandledMessages {
    private var workers: [MessageID: UInt64] = [:]
    private var order: Deque<MessageID> = []
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    subscript(id: MessageID) -> UInt64? { workers[id] }

    mutating func insert(_ id: MessageID, _ worker: UInt64) {
        guard workers.updateValue(worker, forKey: id) == nil else { return }
        order.append(id)
        if order.count > limit, let oldest = order.popFirst() { workers[oldest] = nil }
    }
}
