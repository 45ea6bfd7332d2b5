import DequeModule
import NovaCore
import NovaWire

// The way of a message through the broker.
extension BrokerState {
    func queue(_ name: QueueName) -> BrokerQueue? {
        if let queue = queues[name] { return queue }
        guard queues.count < limits.queues else { return nil }
        let queue = BrokerQueue(name: name, tally: tally, now: now)
        queues[name] = queue
        return queue
    }

    func submit(_ peer: BrokerPeer, _ header: MessageHeader, _ body: [UInt8]) {
        let id = header.id
        if messages[id] != nil {
            if header.kind == .cast { accept(peer, header) }
            return
        }
        var header = header
        header.principal = peer.name
        header.attempt = 0
        let patience = header.remaining > 0 ? header.remaining : limits.castHold
        let message = BrokerMessage(header: header, body: body, sender: peer, arrived: now, deadline: now + patience)
        if let instance = handled[id] {
            if header.kind == .cast { return accept(peer, header) }
            if let worker = peers[instance] { return hand(message, to: worker) }
            guard header.flags.contains(.idempotent) else { return fail(message, Self.workerLost(header)) }
        }
        if header.flags.contains(.resent), !header.flags.contains(.idempotent), now < settlingUntil {
            guard held.count < limits.messages else { return refuse(message, .full) }
            message.state = .held
            messages[id] = message
            held.append(message)
            if message.isCall { peer.waitsFor.insert(id) } else { accept(peer, header) }
            return
        }
        enqueue(message, fresh: true)
    }

    private func accept(_ peer: BrokerPeer, _ header: MessageHeader) {
        send(peer, MessageHeader(.accepted, id: header.id))
    }

    /// Puts a message into its queue, or refuses it.
    func enqueue(_ message: BrokerMessage, fresh: Bool) {
        let header = message.header
        guard let queue = queue(header.queue) else { return refuse(message, .full) }
        queue.lastUsed = now
        if fresh { queue.countIn += 1 }
        if message.isCall, queue.workers.isEmpty, now >= settlingUntil {
            queue.status.rejected += 1
            return refuse(message, .noConsumer)
        }
        if fresh, queue.ready > 0 || !queue.workers.contains(where: \.isFree) {
            // Only what has to wait counts against the limits.
            guard queue.ready < limits.messages, queue.bytes + message.size <= limits.bytes,
                tally.bytes + message.size <= limits.totalBytes
            else {
                queue.status.rejected += 1
                return refuse(message, .full)
            }
        }
        messages[header.id] = message
        queue.add(message, front: !fresh)
        if fresh {
            if message.isCall { message.sender.waitsFor.insert(header.id) } else { accept(message.sender, header) }
        }
        dispatch(queue)
    }

    private func refuse(_ message: BrokerMessage, _ reason: RejectReason) {
        messages[message.header.id] = nil
        message.sender.waitsFor.remove(message.header.id)
        message.state = .dropped
        guard let route = message.sender.route else { return }
        reject(route, message.header, reason)
    }

    /// Delivers what can be delivered.
    func dispatch(_ queue: BrokerQueue) {
        while let message = queue.pending.first {
            guard message.state == .pending else {
                queue.pending.removeFirst()
                continue
            }
            if message.deadline <= now {
                queue.pending.removeFirst()
                expire(message, in: queue)
                continue
            }
            guard let worker = queue.nextWorker() else { return }
            queue.pending.removeFirst()
            queue.forget(message, as: .delivered)
            worker.busy += 1
            message.slot = worker
            message.worker = worker.peer
            message.isTaken = false
            worker.peer.delivered.insert(message.header.id)
            queue.inFlight += 1
            queue.countOut += 1
            transmit(message)
        }
    }

    /// Gives a message to the worker that has got it before; it takes no slot.
    func hand(_ message: BrokerMessage, to worker: BrokerPeer) {
        message.state = .delivered
        message.worker = worker
        message.slot = nil
        message.isTaken = true
        message.header.flags.insert(.resent)
        messages[message.header.id] = message
        worker.delivered.insert(message.header.id)
        if message.isCall { message.sender.waitsFor.insert(message.header.id) }
        queue(message.header.queue)?.inFlight += 1
        transmit(message)
    }

    func transmit(_ message: BrokerMessage) {
        guard let worker = message.worker else { return }
        var header = message.header
        header.remaining = max(1, message.deadline - now)
        send(worker, header, message.body)
    }

    func taken(_ peer: BrokerPeer, _ header: MessageHeader) {
        guard let message = messages[header.id] else {
            if header.flags.contains(.claim) { handled.insert(header.id, peer.instance) }
            return
        }
        if message.worker === peer, message.state == .delivered {
            message.isTaken = true
        } else if header.flags.contains(.claim), message.header.flags.contains(.resent) {
            if message.state == .pending { queues[message.header.queue]?.forget(message, as: .delivered) }
            guard message.state == .held || message.worker == nil else { return }
            hand(message, to: peer)
        }
    }

    func progress(_ peer: BrokerPeer, _ header: MessageHeader, _ body: [UInt8]) {
        guard let message = messages[header.id], message.worker === peer, message.isCall else { return }
        send(message.sender, MessageHeader(.progress, id: header.id), body)
    }

    func settle(_ peer: BrokerPeer, _ header: MessageHeader, _ body: [UInt8]) {
        guard let message = messages[header.id] else {
            // The answer to a message of the broker before this one: its sender asks again and is sent to this worker.
            return handled.insert(header.id, peer.instance)
        }
        guard message.worker === peer || message.state == .held else { return }
        release(message)
        handled.insert(header.id, peer.instance)
        if message.isCall {
            message.sender.waitsFor.remove(header.id)
            var answer = MessageHeader(header.kind, id: header.id)
            answer.principal = peer.name
            send(message.sender, answer, body)
        }
        if let queue = queues[message.header.queue] { dispatch(queue) }
    }

    /// Takes a message off the books.
    private func release(_ message: BrokerMessage) {
        messages[message.header.id] = nil
        if message.state == .delivered, let queue = queues[message.header.queue] { queue.inFlight -= 1 }
        message.state = .dropped
        message.worker?.delivered.remove(message.header.id)
        message.slot?.busy -= 1
        message.slot = nil
        message.worker = nil
    }

    /// A message's worker is dead.
    func workerLost(_ message: BrokerMessage) {
        let wasTaken = message.isTaken
        if let queue = queues[message.header.queue] { queue.inFlight -= 1 }
        message.slot = nil
        message.worker = nil
        message.isTaken = false
        message.state = .pending
        let again = message.header.flags.contains(.idempotent) && Int(message.header.attempt) + 1 < limits.attempts
        if !wasTaken || again {
            guard !message.isCall || message.sender.waitsFor.contains(message.header.id) else {
                // Its caller has given up.
                messages[message.header.id] = nil
                return
            }
            if wasTaken { message.header.attempt += 1 }
            queues[message.header.queue]?.status.redelivered += 1
            return enqueue(message, fresh: false)
        }
        messages[message.header.id] = nil
        message.state = .dropped
        if message.isCall {
            message.sender.waitsFor.remove(message.header.id)
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

    func cancel(_ peer: BrokerPeer, _ id: MessageID) {
        guard peer.waitsFor.remove(id) != nil else { return }
        drop(id)
    }

    /// Nobody waits for a call any more.
    func drop(_ id: MessageID) {
        guard let message = messages[id], message.isCall else { return }
        switch message.state {
        case .pending:
            queues[message.header.queue]?.forget(message, as: .dropped)
            messages[id] = nil
        case .held:
            message.state = .dropped
            messages[id] = nil
        case .delivered:
            // Its slot is free only when the worker has ended it.
            if let worker = message.worker { send(worker, MessageHeader(.cancel, id: id)) }
        case .dropped: break
        }
    }

    func expire(_ message: BrokerMessage, in queue: BrokerQueue) {
        queue.forget(message, as: .dropped)
        queue.status.expired += 1
        messages[message.header.id] = nil
        guard message.isCall else { return bury(message, "expired") }
        message.sender.waitsFor.remove(message.header.id)
        fail(
            message,
            NovaError(
                .timeout, "No service took the request in time.",
                details: "queue \(message.header.queue), message \(message.header.id)"))
    }

    private func bury(_ message: BrokerMessage, _ reason: String) {
        queues[message.header.queue]?.status.deadLetters += 1
        var letter = DeadLetter()
        letter.queue = message.header.queue.description
        letter.interface = message.header.interface.isEmpty ? message.header.queue.topic : message.header.interface
        letter.method = Int64(message.header.method)
        letter.sender = message.header.principal.description
        letter.reason = reason
        letter.trace = message.header.trace.description
        deadLetters.append(letter)
        if deadLetters.count > limits.deadLetters { deadLetters.removeFirst() }
        actions.append(.note("dead letter: \(letter.debugText)"))
    }

    /// Calls that wait where nobody serves any more are answered at once.
    func refuseUnserved(_ queue: BrokerQueue) {
        guard queue.workers.isEmpty, now >= settlingUntil else { return }
        for message in queue.pending where message.state == .pending && message.isCall {
            queue.forget(message, as: .dropped)
            queue.status.rejected += 1
            refuse(message, .noConsumer)
        }
    }

    func publish(_ peer: BrokerPeer, _ header: MessageHeader, _ body: [UInt8]) {
        defer { accept(peer, header) }
        guard handled[header.id] == nil else { return }
        handled.insert(header.id, 0)
        guard let queue = queues[header.queue] else { return }
        queue.countIn += 1
        var copy = header
        copy.principal = peer.name
        for worker in queue.workers {
            queue.countOut += 1
            send(worker.peer, copy, body)
        }
    }
}
