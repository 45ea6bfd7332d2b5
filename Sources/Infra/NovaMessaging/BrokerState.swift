import DequeModule
import NovaCore
import NovaWire

/// The rules of a broker, without sockets or clocks: events in, actions out (`proto-spec/wire/envelope.md`).
///
///     CALL, CAST -> pending -> delivered -> TAKEN -> REPLY | FAIL
///                      ^          |           |
///                      +- worker lost --------+ idempotent only, at most `attempts` deliveries
///
/// A peer is known by its random instance number, not by its connection: it may return on another one and goes on
/// where it was. Times are milliseconds of any monotonic clock.
public final class BrokerState {
    let limits: QueueLimits
    /// Differs in every start of a broker.
    public let boot: UInt64
    var now: Int64
    let started: Int64
    /// Until when resent messages wait for a worker that claims them; 0 when nobody returned.
    var settlingUntil: Int64 = 0
    var routes: [PeerRoute: BrokerPeer] = [:]
    var peers: [UInt64: BrokerPeer] = [:]
    var queues: [QueueName: BrokerQueue] = [:]
    var messages: [MessageID: BrokerMessage] = [:]
    var handled = HandledMessages(limit: 20_000)
    var held: [BrokerMessage] = []
    var strikes: [PeerRoute: Int] = [:]
    var ignored: Set<PeerRoute> = []
    var deadLetters: Deque<DeadLetter> = []
    let tally = ByteTally()
    var ratesAt: Int64
    var actions: [BrokerAction] = []

    public init(limits: QueueLimits = QueueLimits(), boot: UInt64, now: Int64) {
        self.limits = limits
        self.boot = boot
        self.now = now
        started = now
        ratesAt = now
    }

    /// Takes one event and says what to do, in order.
    public func handle(_ event: BrokerEvent, now: Int64) -> [BrokerAction] {
        self.now = now
        switch event {
        case .received(let route, let header, let body): receive(route, header, body)
        case .malformed(let route): strike(route, "malformed frames")
        case .gone(let route): lose(route)
        case .tick: tick()
        case .stop:
            for route in routes.keys { send(route, MessageHeader(.goodbye, id: MessageID(sender: boot, counter: 0))) }
        }
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
        case .taken: taken(peer, header)
        case .progress: progress(peer, header, body)
        case .reply, .fail: settle(peer, header, body)
        case .pong: break
        case .goodbye: remove(peer)
        case .hello, .welcome, .accepted, .reject, .drain: strike(route, "a \(header.kind) message")
        default:
            // All others are the peer's own messages, under its own number.
            guard header.id.sender == peer.instance else { return strike(route, "another sender's message id") }
            own(peer, route, header, body)
        }
    }

    private func own(_ peer: BrokerPeer, _ route: PeerRoute, _ header: MessageHeader, _ body: [UInt8]) {
        switch header.kind {
        case .call, .cast:
            guard header.queue.kind == .topic || header.queue.kind == .host else { return strike(route, "no queue") }
            submit(peer, header, body)
        case .fanout:
            guard header.queue.kind == .fanout else { return strike(route, "no queue") }
            publish(peer, header, body)
        case .ready, .credit:
            guard header.queue.kind != .none, header.amount <= 100_000 else { return strike(route, "no queue") }
            ready(peer, header)
        case .cancel: cancel(peer, header.id)
        case .ping: send(route, MessageHeader(.pong, id: header.id))
        case .admin: answer(route, header)
        default: break
        }
    }

    // MARK: Peers

    private func hello(_ route: PeerRoute, _ header: MessageHeader) {
        let name = header.principal
        guard !name.role.isEmpty, header.since >= 1 else { return strike(route, "a HELLO without a name") }
        if let before = routes[route], before.instance != header.id.sender { remove(before) }
        if let peer = peers[header.id.sender] {
            guard peer.name == name else { return strike(route, "a HELLO with another peer's number") }
            if let old = peer.route, old != route { routes[old] = nil }
            peer.route = route
            peer.deadAt = nil
            peer.lastHeard = now
            routes[route] = peer
        } else {
            guard peers.count < limits.peers else { return reject(route, header, .full) }
            let peer = BrokerPeer(instance: header.id.sender, name: name, version: header.since, route: route, now: now)
            peers[peer.instance] = peer
            routes[route] = peer
        }
        if header.flags.contains(.returning), settlingUntil == 0, now - started < 30_000 {
            settlingUntil = now + limits.settling
        }
        var welcome = MessageHeader(.welcome, id: header.id)
        welcome.since = min(header.since, UInt16(MessageHeader.version))
        welcome.amount = boot
        send(route, welcome)
        // What was on its way when the connection broke: a worker knows what it has already got.
        for id in routes[route]?.delivered ?? [] {
            guard let message = messages[id] else { continue }
            message.header.flags.insert(.resent)
            transmit(message)
        }
    }

    private func lose(_ route: PeerRoute) {
        guard let peer = routes.removeValue(forKey: route) else { return }
        peer.route = nil
        peer.deadAt = now + limits.grace
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

    /// A peer is dead or has left: its work goes elsewhere, its calls are cancelled.
    func remove(_ peer: BrokerPeer) {
        if let route = peer.route { routes[route] = nil }
        peer.route = nil
        peers[peer.instance] = nil
        let served = peer.queues.compactMap { queues[$0] }
        for queue in served { queue.workers.removeAll { $0.peer === peer } }
        let lost = peer.delivered.compactMap { messages[$0] }.sorted { $0.arrived > $1.arrived }
        peer.delivered = []
        for message in lost { workerLost(message) }
        for id in peer.waitsFor { drop(id) }
        peer.waitsFor = []
        for queue in served {
            refuseUnserved(queue)
            dispatch(queue)
        }
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
        send(message.sender, MessageHeader(.fail, id: message.header.id), FailureRecord(error).encoded())
    }
}
