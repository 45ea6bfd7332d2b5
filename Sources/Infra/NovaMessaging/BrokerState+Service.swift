import DequeModule
import NovaCore
import NovaWire

// Registrations and time.
extension BrokerState {
    func ready(_ peer: BrokerPeer, _ header: MessageHeader, _ versions: [String: UInt16]) {
        guard let route = peer.route else { return }
        guard let queue = queue(header.queue) else { return reject(route, header, .full) }
        queue.lastUsed = now
        let slots = Int(header.amount)
        if let worker = queue.workers.first(where: { $0.peer === peer }) {
            worker.slots = slots
            if header.kind == .ready { worker.versions = versions }
        } else if header.kind == .ready {
            queue.join(BrokerWorker(peer: peer, slots: slots, versions: versions))
            peer.queues.insert(header.queue)
            askNewcomer(peer, queue)
        }
        if header.kind == .ready { send(route, MessageHeader(.accepted, id: header.id)) }
        dispatch(queue)
    }

    func tick() {
        let lost = peers.values.filter { now - $0.lastHeard > limits.silence || $0.deadAt.map { $0 <= now } == true }
        for peer in lost.sorted(by: { $0.instance < $1.instance }) {
            let isSilent = now - peer.lastHeard > limits.silence
            actions.append(.note("\(peer.name) is lost (\(isSilent ? "silent" : "disconnected"))"))
            remove(peer, isSilent: isSilent)
        }
        if settlingUntil != 0, now >= settlingUntil { settleDown() }
        for queue in queues.values.filter({ $0.nextExpiry <= now || $0.ready > 0 }).sorted(by: BrokerQueue.isBefore) {
            if queue.nextExpiry <= now { expireDue(queue) }
            // Again for work that waits at a broker which is not the workers' home.
            if queue.ready > 0 { dispatch(queue) }
        }
        hurryHeld()
        tellMissed()
        if now - ratesAt >= 5_000 { measure() }
    }

    private func expireDue(_ queue: BrokerQueue) {
        var next = Int64.max
        for message in queue.pending {
            if message.deadline <= now { expire(message, in: queue) } else { next = min(next, message.deadline) }
        }
        queue.compact()
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
            queue.status.received += Int64(queue.countIn)
            queue.status.delivered += Int64(queue.countOut)
            queue.countIn = 0
            queue.countOut = 0
            let isIdle = queue.workers.isEmpty && queue.ready == 0 && queue.inFlight == 0 && queue.held == 0
            if isIdle, now - queue.lastUsed > 600_000 { queues[name] = nil }
        }
    }
}
