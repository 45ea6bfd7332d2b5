import DequeModule
import NovaCore
import NovaWire

/// The rules of a broker, without sockets or clocks: events in, actions out (`proto-spec/wire/envelope.md`).
///
///     CALL, CAST -> pending -> delivered -> TAKEN, GO -> REPLY | FAIL | DONE
///                    ^   ^        |            |
///       held --------+   +- worker lost -------+ idempotent only, at most `attempts` deliveries
///     (sent again: workers are asked first)
///
/// A peer is known by its random instance number, not by its connection: it may return on another one and goes on
/// where it was. Times are milliseconds of any monotonic clock.
public final class BrokerState {
    let limits: QueueLimits
    /// Differs in every start of a broker.
    public let boot: UInt64
    let roles: RoleTable
    var now: Int64
    /// After this process stood still, for a while: senders may have turned elsewhere since `doubtSince`.
    private(set) var doubtUntil: Int64 = 0
    private(set) var doubtSince: Int64 = Int64.max
    /// Since when it knows which workers come and go: its start, or the end of its last standstill.
    private(set) var awakeSince: Int64
    /// Until when messages that were sent again wait for workers to return; 0 when nobody returned.
    var settlingUntil: Int64 = 0
    var isDraining = false
    var routes: [PeerRoute: BrokerPeer] = [:]
    var peers: [UInt64: BrokerPeer] = [:]
    var queues: [QueueName: BrokerQueue] = [:]
    var messages: [MessageID: BrokerMessage] = [:]
    var arrivals: UInt64 = 0
    /// Which worker ended which message, for the last so many messages.
    var handled = BoundedMap<MessageID, UInt64>(limit: 20_000)
    var held: Set<MessageID> = []
    var marks = BrokerMarks()
    var strikes: [PeerRoute: Int] = [:]
    var ignored: Set<PeerRoute> = []
    var deadLetters: Deque<DeadLetter> = []
    var methods = MethodTimes()
    var traces: Deque<TracedMessage> = []
    let tally = ByteTally()
    var ratesAt: Int64
    var actions: [BrokerAction] = []

    /// `roles` says who may do what; who a peer is, its HELLO says: the caller has checked that.
    public init(
        limits: QueueLimits = QueueLimits(), boot: UInt64, now: Int64, roles: RoleTable = .unrestricted
    ) {
        self.limits = limits
        self.boot = boot
        self.now = now
        self.roles = roles
        awakeSince = now
        ratesAt = now
    }

    /// Takes one event and says what to do, in order.
    public func handle(_ event: BrokerEvent, now: Int64) -> [BrokerAction] {
        if now - self.now > limits.standstill {
            doubtSince = now < doubtUntil ? min(doubtSince, self.now) : self.now
            doubtUntil = now + limits.standstill
            awakeSince = now
        }
        self.now = now
        switch event {
        case .received(let route, let header, let body): receive(route, header, body)
        case .malformed(let route): strike(route, "malformed frames")
        case .gone(let route): lose(route)
        case .missed(let route, let queue): routes[route]?.missed[queue, default: 0] += 1
        case .tick: tick()
        case .drain: drain()
        case .stop:
            for route in routes.keys.sorted() {
                send(route, MessageHeader(.goodbye, id: MessageID(sender: boot, counter: 0)))
            }
        }
        return taken()
    }

    /// Sends what was put together for one message; to be called when no more events wait.
    public func flush(now: Int64) -> [BrokerAction] {
        self.now = now
        for list in marks.take() {
            guard let peer = peers[list.peer] else { continue }
            var header = MessageHeader(list.kind, id: MessageID(sender: boot, counter: 0))
            header.amount = list.amount
            send(peer, header, MessageIDList.encode(list.ids))
        }
        return taken()
    }

    /// Whether a broker that was drained has nothing left to do.
    public var isIdle: Bool { messages.isEmpty }

    private func taken() -> [BrokerAction] {
        let result = actions
        actions = []
        return result
    }

    private func receive(_ route: PeerRoute, _ header: MessageHeader, _ body: [UInt8]) {
        guard !ignored.contains(route) else { return }
        if header.kind == .hello { return hello(route, header) }
        guard let peer = routes[route] else {
            switch header.kind {
            case .goodbye, .pong, .reject: return
            default: return reject(route, header, .unknownPeer)
            }
        }
        peer.lastHeard = now
        switch header.kind {
        case .taken, .disclaim, .done, .query, .go, .settled:
            guard let ids = MessageIDList.decode(body) else { return strike(route, "a malformed list") }
            listed(peer, route, header, ids)
        case .progress: progress(peer, header, body)
        case .reply, .fail: settle(peer, header.id, header.kind, body)
        case .pong: break
        case .goodbye: remove(peer)
        case .hello, .welcome, .accepted, .reject, .drain, .waiting, .missed: strike(route, "a \(header.kind) message")
        case .call, .cast, .fanout, .ready, .credit, .cancel, .ping, .admin, .span:
            // All others are the peer's own messages, under its own number.
            guard header.id.sender == peer.instance else { return strike(route, "another sender's message id") }
            own(peer, route, header, body)
        }
    }

    private func listed(_ peer: BrokerPeer, _ route: PeerRoute, _ header: MessageHeader, _ ids: [MessageID]) {
        switch header.kind {
        case .taken:
            for id in ids {
                if header.flags.contains(.claim) { claim(peer, id) } else { take(peer, id) }
            }
        case .disclaim:
            let reason = DisclaimReason(rawValue: header.amount) ?? .unknown
            for id in ids { disclaim(peer, id, reason, turn: header.attempt) }
        case .done: for id in ids { settle(peer, id, .done, []) }
        default: strike(route, "a \(header.kind) message")
        }
    }

    private func own(_ peer: BrokerPeer, _ route: PeerRoute, _ header: MessageHeader, _ body: [UInt8]) {
        switch header.kind {
        case .call, .cast:
            guard header.queue.kind == .topic || header.queue.kind == .host else { return strike(route, "no queue") }
            guard maySend(peer, header) else { return forbid(peer, route, header) }
            submit(peer, header, body)
        case .fanout:
            guard header.queue.kind == .fanout else { return strike(route, "no queue") }
            guard maySend(peer, header) else { return forbid(peer, route, header) }
            publish(peer, header, body)
        case .ready, .credit:
            guard header.queue.kind != .none, header.amount <= 100_000,
                let versions = header.kind == .ready ? InterfaceVersions.decode(body) : [:]
            else { return strike(route, "no queue") }
            guard roles.mayServe(peer.name, header.queue) else { return forbid(peer, route, header) }
            ready(peer, header, versions)
        case .cancel: cancel(peer, header.id)
        case .ping:
            heard(peer, header)
            send(route, MessageHeader(.pong, id: header.id))
        case .admin:
            guard let question = AdminQuestion(rawValue: header.method) else {
                return reject(route, header, .unknownQuestion)
            }
            guard roles.mayAsk(peer.name, question) else { return forbid(peer, route, header) }
            answer(route, header, question)
        case .span:
            guard roles.mayTrace(peer.name) else { return forbid(peer, route, header) }
            trace(peer, header)
        default: break
        }
    }

    /// Operators may ping every queue, and nothing else that workers do.
    private func maySend(_ peer: BrokerPeer, _ header: MessageHeader) -> Bool {
        roles.maySend(peer.name, header.kind, to: header.queue)
            || (header.interface == QueueStatus.interface && header.kind == .call && roles.mayAsk(peer.name, .drain))
    }

    private func forbid(_ peer: BrokerPeer, _ route: PeerRoute, _ header: MessageHeader) {
        actions.append(.note("\(peer.name) may not send \(header.kind) for \(header.queue.kind) \(header.queue)"))
        reject(route, header, .forbidden)
        strike(route, "a forbidden \(header.kind)")
    }

    func strike(_ route: PeerRoute, _ why: String) {
        guard !ignored.contains(route) else { return }
        let count = (strikes[route] ?? 0) + 1
        let who = routes[route].map { $0.name.description } ?? "an unnamed peer"
        actions.append(.note("bad frame \(count) of connection \(route) (\(who)): \(why)"))
        guard count >= limits.badFrames else {
            if strikes.count >= 10_000 { strikes.removeAll() }
            strikes[route] = count
            return
        }
        strikes[route] = nil
        if ignored.count >= 10_000 { ignored.removeAll() }
        ignored.insert(route)
        if let peer = routes[route] { remove(peer) }
        actions.append(.ignored(route, who))
    }

    // MARK: Sending

    func send(_ route: PeerRoute, _ header: MessageHeader, _ body: [UInt8] = []) {
        actions.append(.send(route, header, body))
    }

    func send(_ peer: BrokerPeer, _ header: MessageHeader, _ body: [UInt8] = []) {
        guard let route = peer.route else { return }
        send(route, header, body)
    }

    func reject(_ route: PeerRoute, _ header: MessageHeader, _ reason: RejectReason) {
        var answer = MessageHeader(.reject, id: header.id)
        answer.queue = header.queue
        answer.amount = reason.rawValue
        send(route, answer)
    }

    func fail(_ message: BrokerMessage, _ error: NovaError) {
        send(message.sender, MessageHeader(.fail, id: message.id), FailureRecord(error).encoded())
    }
}
