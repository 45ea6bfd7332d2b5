import DequeModule
import NovaCore
import NovaWire

// What operators see and do.
extension BrokerState {
    /// The state of every queue, in the order of their names.
    public func queueStatuses() -> [QueueStatus] {
        queues.values.map { queue in
            var status = queue.status
            status.ready = Int64(queue.ready)
            status.inFlight = Int64(queue.inFlight)
            status.held = Int64(queue.held)
            status.received += Int64(queue.countIn)
            status.delivered += Int64(queue.countOut)
            status.bytes = Int64(queue.bytes)
            status.oldestAge = queue.oldest.map { now - $0.arrived } ?? 0
            status.consumers = Int64(queue.workers.count)
            status.credit = queue.workers.reduce(0) { $0 + Int64(max(0, $1.slots - $1.busy)) }
            return status
        }.sorted { ($0.kind, $0.name) < ($1.kind, $1.name) }
    }

    /// The state of every connection, in the order of their names.
    public func peerStatuses() -> [PeerStatus] {
        peers.values.map { peer in
            var status = PeerStatus()
            status.principal = peer.name.description
            status.role = peer.name.role
            status.host = peer.name.host
            status.version = Int64(peer.version)
            status.lastHeard = now - peer.lastHeard
            status.serves = peer.queues.map { "\($0.kind) \($0)" }.sorted()
            status.inFlight = Int64(peer.delivered.count)
            status.isStuck = peer.isStuck
            let versions = peer.queues.flatMap { name in
                queues[name]?.workers.first { $0.peer === peer }?.versions.map { "\($0.key) \($0.value)" } ?? []
            }
            status.versions = Set(versions).sorted()
            return status
        }.sorted { $0.principal < $1.principal }
    }

    /// The waiting and service times of every method.
    public func methodStatuses() -> [MethodStatus] { methods.list }

    func answer(_ route: PeerRoute, _ header: MessageHeader, _ question: AdminQuestion) {
        let page = 1_000
        let offset = Int(min(header.amount, 1_000_000))
        let body: [UInt8]
        switch question {
        case .queues:
            var list = QueueList()
            list.queues = Array(queueStatuses().dropFirst(offset).prefix(page))
            body = list.encoded()
        case .peers:
            var list = PeerList()
            list.peers = Array(peerStatuses().dropFirst(offset).prefix(page))
            body = list.encoded()
        case .deadLetters:
            var list = DeadLetterList()
            list.letters = Array(deadLetters.dropFirst(offset).prefix(page))
            body = list.encoded()
        case .methods:
            var list = MethodList()
            list.methods = Array(methodStatuses().dropFirst(offset).prefix(page))
            body = list.encoded()
        case .trace:
            var list = TraceList()
            list.entries = Array(trace(header.trace).dropFirst(offset).prefix(page))
            body = list.encoded()
        case .purge:
            var list = QueueList()
            list.queues = purge(header.queue).map { [$0] } ?? []
            body = list.encoded()
        case .drain:
            send(route, MessageHeader(.reply, id: header.id))
            return drain()
        }
        send(route, MessageHeader(.reply, id: header.id), body)
    }

    /// Drops what waits in a queue: its state before that.
    private func purge(_ name: QueueName) -> QueueStatus? {
        guard let queue = queues[name] else { return nil }
        let before = queueStatuses().first { $0.name == name.description && $0.kind == queue.status.kind }
        for message in queue.pending {
            queue.forget(message, as: .dropped)
            messages[message.id] = nil
            if message.isCall {
                message.sender.waitsFor.remove(message.id)
                fail(message, NovaError(.cancelled, "An operator has purged the queue.", details: "queue \(name)"))
            } else {
                bury(message, "purged")
            }
        }
        queue.compact()
        return before
    }

    // MARK: Traces

    /// Notes the end of a message.
    func trace(_ message: BrokerMessage, _ outcome: String) {
        keep(
            TracedMessage(
                header: message.header, worker: message.worker?.name, arrived: message.arrived,
                delivered: message.deliveredAt, ended: now, outcome: outcome))
    }

    /// Notes a fanout, which nobody settles.
    func trace(_ header: MessageHeader, copies: Int) {
        keep(
            TracedMessage(
                header: header, worker: nil, arrived: now, delivered: now, ended: now, outcome: "\(copies) copies"))
    }

    /// Notes what a peer says of a request from outside that it has answered.
    func trace(_ peer: BrokerPeer, _ header: MessageHeader) {
        var header = header
        header.principal = peer.name
        // An older start than this is no request's.
        let began = now - Int64(clamping: min(header.amount, 3_600_000))
        keep(
            TracedMessage(
                header: header, worker: peer.name, arrived: began, delivered: began, ended: now,
                outcome: "\(header.method)"))
    }

    private func keep(_ traced: TracedMessage) {
        if traces.count >= limits.traces { traces.removeFirst() }
        traces.append(traced)
    }

    /// The messages of a request that have ended lately, and those that have not.
    private func trace(_ id: UUID128) -> [TraceEntry] {
        let open = messages.values.filter { $0.header.trace == id }.sorted { MessageID.isBefore($0.id, $1.id) }
        let unfinished = open.map { message in
            TracedMessage(
                header: message.header, worker: message.worker?.name, arrived: message.arrived,
                delivered: message.state == .delivered ? message.deliveredAt : now, ended: now,
                outcome: message.state == .delivered ? "running" : "waiting")
        }
        return (traces.filter { $0.header.trace == id } + unfinished).map { traced in
            // What no worker got has only waited.
            let delivered = traced.delivered < traced.arrived ? traced.ended : traced.delivered
            var entry = TraceEntry()
            entry.trace = id
            entry.kind = traced.header.kind == .span ? TraceEntry.http : "\(traced.header.kind)"
            entry.queue = traced.header.queue.description
            entry.interface = traced.header.interface.isEmpty ? traced.header.queue.topic : traced.header.interface
            entry.method = Int64(traced.header.method)
            // Who sent an HTTP request is none of the queue's names.
            entry.sender = traced.header.kind == .span ? "" : traced.header.principal.description
            entry.worker = traced.worker?.description ?? ""
            entry.age = now - traced.arrived
            entry.waited = max(0, delivered - traced.arrived)
            entry.served = max(0, traced.ended - delivered)
            entry.outcome = traced.outcome
            return entry
        }
    }
}

/// A message that has ended, or a request from outside.
struct TracedMessage {
    let header: MessageHeader
    let worker: PeerName?
    let arrived: Int64
    let delivered: Int64
    let ended: Int64
    let outcome: String
}
