import NovaCore
import NovaWire

// What happens when a worker or another broker was lost. A message that must not run twice and may have been taken at
// another broker is held until every worker of its queue has said that it does not have it; a worker that says so
// runs it for this broker only.
extension BrokerState {
    /// Holds a message that was sent to another broker before.
    ///
    /// The amount is how many milliseconds ago its sender heard that broker, or the worker that had taken it there.
    func hold(_ message: BrokerMessage, _ amount: UInt64) {
        guard held.count < limits.messages, let queue = queue(message.header.queue) else {
            return refuse(message, .full)
        }
        queue.lastUsed = now
        queue.countIn += 1
        message.state = .held
        messages[message.id] = message
        held.append(message.id)
        queue.held += 1
        admit(message)
        if message.header.flags.contains(.taken) {
            message.owner = amount
            message.mustBeClaimed = true
            if let worker = peers[amount] { ask(worker, for: message) }
        } else {
            let lost = now - Int64(clamping: amount)
            message.mustBeClaimed = started >= lost - limits.settling - limits.grace
            guard !queue.mayHaveBeenTaken(whenLostAt: lost) else { return giveUp(message, "a worker is gone") }
            for worker in queue.workers { ask(worker.peer, for: message) }
        }
        resume(message)
    }

    private func ask(_ peer: BrokerPeer, for message: BrokerMessage) {
        message.unanswered.insert(peer.instance)
        peer.asked.insert(message.id)
        marks.query(message.id, to: peer.instance)
    }

    /// A worker that was not here has come: it may have what is held.
    func askNewcomer(_ peer: BrokerPeer, _ queue: BrokerQueue) {
        guard queue.held > 0 else { return }
        for id in held {
            guard let message = messages[id], message.state == .held, message.header.queue == queue.name,
                message.owner.map({ $0 == peer.instance }) ?? true
            else { continue }
            ask(peer, for: message)
        }
    }

    /// A worker that was asked for a message, or given it again, has it already.
    func claim(_ peer: BrokerPeer, _ id: MessageID) {
        guard let message = messages[id] else { return }
        if message.state == .delivered, message.worker === peer {
            message.isTaken = true
        } else if message.state == .held, message.unanswered.contains(peer.instance) {
            unhold(message, as: .dropped)
            join(message, peer)
        }
    }

    /// The worker that has the message answers it here.
    private func join(_ message: BrokerMessage, _ worker: BrokerPeer) {
        message.state = .delivered
        message.worker = worker
        message.slot = nil
        message.isTaken = true
        message.deliveredAt = now
        messages[message.id] = message
        worker.delivered.insert(message.id)
        queue(message.header.queue)?.inFlight += 1
        if !message.isCall { marks.settled(message.id) }
    }

    /// A worker does not have a message.
    func disclaim(_ peer: BrokerPeer, _ id: MessageID, _ reason: DisclaimReason) {
        peer.asked.remove(id)
        guard let message = messages[id] else { return }
        if message.state == .held {
            guard message.unanswered.remove(peer.instance) != nil else { return }
            return message.owner == peer.instance ? giveUp(message, "its worker has forgotten it") : resume(message)
        }
        guard message.state == .delivered, message.worker === peer else { return }
        let queue = queues[message.header.queue]
        release(message)
        if reason == .returned {
            messages[id] = message
            queue?.status.redelivered += 1
            enqueue(message, fresh: false)
        } else {
            // Another broker has it: its sender waits there.
            message.sender.waitsFor.remove(id)
            if let queue { dispatch(queue) }
        }
    }

    /// Lets a held message go on when nobody has it.
    func resume(_ message: BrokerMessage) {
        guard message.state == .held, message.unanswered.isEmpty, now >= settlingUntil, !message.mustBeClaimed else {
            return
        }
        unhold(message, as: .pending)
        enqueue(message, fresh: false)
    }

    /// Takes a message out of those that are held.
    func unhold(_ message: BrokerMessage, as state: BrokerMessage.State) {
        guard message.state == .held else { return }
        message.state = state
        queues[message.header.queue]?.held -= 1
        held.removeAll { $0 == message.id }
        for instance in message.unanswered { peers[instance]?.asked.remove(message.id) }
        message.unanswered = []
        if state == .dropped { messages[message.id] = nil }
    }

    /// Nobody can say any more whether a held message ran.
    func giveUp(_ message: BrokerMessage, _ reason: String) {
        guard message.state == .held else { return }
        unhold(message, as: .dropped)
        if message.isCall {
            message.sender.waitsFor.remove(message.id)
            fail(message, Self.workerLost(message.header))
        } else {
            bury(message, "may have run: \(reason)")
        }
    }

    /// The time for workers to return after the broker's start is over.
    func settleDown() {
        settlingUntil = 0
        for id in held { if let message = messages[id] { resume(message) } }
        for queue in queues.values.sorted(by: BrokerQueue.isBefore) { refuseUnserved(queue) }
    }

    /// A message's worker is dead.
    func workerLost(_ message: BrokerMessage) {
        let wasTaken = message.isTaken
        if let queue = queues[message.header.queue] { queue.inFlight -= 1 }
        message.slot = nil
        message.worker = nil
        message.isTaken = false
        message.state = .pending
        let again = message.isIdempotent && Int(message.header.attempt) + 1 < limits.attempts
        if !wasTaken || again {
            guard !message.isCall || message.sender.waitsFor.contains(message.id) else {
                // Its caller has given up.
                messages[message.id] = nil
                return
            }
            if wasTaken { message.header.attempt += 1 }
            queues[message.header.queue]?.status.redelivered += 1
            return enqueue(message, fresh: false)
        }
        messages[message.id] = nil
        message.state = .dropped
        if message.isCall {
            message.sender.waitsFor.remove(message.id)
            fail(message, Self.workerLost(message.header))
        } else {
            bury(message, "worker lost")
        }
    }

    static func workerLost(_ header: MessageHeader) -> NovaError {
        NovaError(
            .workerLost, "The service that worked on the request was lost.",
            details: "queue \(header.queue), method \(header.method), message \(header.id)")
    }

    /// The broker takes nothing new: what waits goes back to its senders, which bring it elsewhere.
    func drain() {
        guard !isDraining else { return }
        isDraining = true
        for route in routes.keys.sorted() {
            send(route, MessageHeader(.drain, id: MessageID(sender: boot, counter: 0)))
        }
        let waiting = messages.values.filter { $0.sender.route != nil && ($0.state == .pending || $0.state == .held) }
        for message in waiting.sorted(by: { MessageID.isBefore($0.id, $1.id) }) {
            if message.state == .held {
                unhold(message, as: .dropped)
            } else {
                queues[message.header.queue]?.forget(message, as: .dropped)
            }
            refuse(message, .moved)
        }
    }
}
