import DequeModule
import NovaCore
import NovaWire

// Registrations, time, and what operators see.
extension BrokerState {
    func ready(_ peer: BrokerPeer, _ header: MessageHeader) {
        guard let route = peer.route else { return }
        guard let queue = queue(header.queue) else { return reject(route, header, .full) }
        queue.lastUsed = now
        let slots = Int(header.amount)
        if let worker = queue.workers.first(where: { $0.peer === peer }) {
            worker.slots = slots
        } else if header.kind == .ready {
            queue.workers.append(BrokerWorker(peer: peer, slots: slots))
            peer.queues.insert(header.queue)
        }
        if header.kind == .ready { send(route, MessageHeader(.accepted, id: header.id)) }
        dispatch(queue)
    }

    func tick() {
        for peer in Array(peers.values) {
            let isSilent = now - peer.lastHeard > limits.silence
            guard isSilent || peer.deadAt.map({ $0 <= now }) == true else { continue }
            actions.append(.note("\(peer.name) is lost (\(isSilent ? "silent" : "disconnected"))"))
            remove(peer)
        }
        if settlingUntil != 0, now >= settlingUntil { settle() }
        for queue in queues.values where queue.nextExpiry <= now { expireDue(queue) }
        if now - ratesAt >= 5_000 { measure() }
    }

    /// The time for workers to return after the broker's start is over.
    private func settle() {
        settlingUntil = 0
        let waiting = held
        held = []
        // They go before all others, so the last of them goes first.
        for message in waiting.reversed() where message.state == .held { enqueue(message, fresh: false) }
        for queue in queues.values { refuseUnserved(queue) }
    }

    private func expireDue(_ queue: BrokerQueue) {
        var next = Int64.max
        for message in queue.pending where message.state == .pending {
            if message.deadline <= now { expire(message, in: queue) } else { next = min(next, message.deadline) }
        }
        queue.pending.removeAll { $0.state != .pending }
        queue.nextExpiry = next
    }

    /// Rates of the last seconds; queues that nobody uses are forgotten.
    private func measure() {
        let seconds = Double(now - ratesAt) / 1000
        ratesAt = now
        for (name, queue) in queues {
            queue.status.rateIn = Double(queue.countIn) / seconds
            queue.status.rateOut = Double(queue.countOut) / seconds
            if queue.countIn + queue.countOut > 0 { queue.lastUsed = now }
            queue.countIn = 0
            queue.countOut = 0
            let isIdle = queue.workers.isEmpty && queue.ready == 0 && queue.inFlight == 0
            if isIdle, now - queue.lastUsed > 600_000 { queues[name] = nil }
        }
    }

    /// The state of every queue, in the order of their names.
    public func queueStatuses() -> [QueueStatus] {
        queues.values.map { queue in
            var status = queue.status
            status.ready = Int64(queue.ready)
            status.inFlight = Int64(queue.inFlight)
            status.bytes = Int64(queue.bytes)
            status.oldestAge = queue.pending.first { $0.state == .pending }.map { now - $0.arrived } ?? 0
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
            return status
        }.sorted { $0.principal < $1.principal }
    }

    func answer(_ route: PeerRoute, _ header: MessageHeader) {
        let page = 1_000
        let offset = Int(min(header.amount, 1_000_000))
        let body: [UInt8]
        switch AdminQuestion(rawValue: header.method) {
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
        case nil: return reject(route, header, .unknownQuestion)
        }
        send(route, MessageHeader(.reply, id: header.id), body)
    }
}
