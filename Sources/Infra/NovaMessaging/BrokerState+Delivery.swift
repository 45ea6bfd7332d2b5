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
        if let known = messages[id] {
            if header.kind == .cast, known.state != .held { accept(peer, header) }
            return comeBack(known, header)
        }
        var header = header
        header.principal = peer.name
        let patience = header.remaining > 0 ? header.remaining : limits.castHold
        arrivals += 1
        let message = BrokerMessage(
            header: header, body: body, sender: peer, arrived: now, order: arrivals, deadline: now + patience)
        if let instance = handled[id] {
            if header.kind == .cast {
                accept(peer, header)
                return marks.settled(id)
            }
            if let worker = peers[instance] { return hand(message, to: worker) }
            guard message.isIdempotent else { return fail(message, Self.workerLost(header)) }
        }
        guard !isDraining else { return refuse(message, .moved) }
        if header.flags.contains(.resent) || now < doubtUntil && !message.isIdempotent {
            return hold(message, doubt(of: header))
        }
        enqueue(message, fresh: true)
    }

    func accept(_ peer: BrokerPeer, _ header: MessageHeader) {
        send(peer, MessageHeader(.accepted, id: header.id))
    }

    /// Puts a message into its queue, or refuses it.
    func enqueue(_ message: BrokerMessage, fresh: Bool) {
        guard let queue = queue(message.header.queue) else { return refuse(message, .full) }
        queue.lastUsed = now
        if fresh { queue.countIn += 1 }
        if message.isCall, now >= settlingUntil, let reason = refusal(message, queue) {
            queue.status.rejected += 1
            return refuse(message, reason)
        }
        if fresh, !hasRoom(message, queue) {
            queue.status.rejected += 1
            return refuse(message, .full)
        }
        messages[message.id] = message
        queue.add(message, front: !fresh)
        if fresh { admit(message) }
        dispatch(queue)
    }

    /// Why nobody will ever take the message, as things are.
    private func refusal(_ message: BrokerMessage, _ queue: BrokerQueue) -> RejectReason? {
        if queue.workers.isEmpty { return .noConsumer }
        return queue.workers.contains { $0.knows(message.header) } ? nil : .noCompatibleWorker
    }

    /// Only what has to wait counts against the limits.
    private func hasRoom(_ message: BrokerMessage, _ queue: BrokerQueue) -> Bool {
        if queue.ready == 0, queue.workers.contains(where: \.isFree) { return true }
        return queue.ready < limits.messages && queue.bytes + message.size <= limits.bytes
            && tally.bytes + message.size <= limits.totalBytes
    }

    /// The broker is responsible from here on.
    func admit(_ message: BrokerMessage) {
        if message.isCall { message.sender.waitsFor.insert(message.id) } else { accept(message.sender, message.header) }
    }

    func refuse(_ message: BrokerMessage, _ reason: RejectReason) {
        messages[message.id] = nil
        message.sender.waitsFor.remove(message.id)
        message.state = .dropped
        guard let route = message.sender.route else { return }
        reject(route, message.header, reason)
    }

    /// Delivers what can be delivered.
    func dispatch(_ queue: BrokerQueue) {
        while let (message, worker) = queue.next() {
            guard message.deadline > now else {
                expire(message, in: queue)
                continue
            }
            if isDoubtful(message) {
                // This process may have stood still, and the sender has given it up since.
                doubt(message, since: message.sender.lastHeard)
                continue
            }
            switch missing(message) {
            case .nobody: break
            case .silent:
                doubt(message, since: message.unknownSince ?? now)
                continue
            case .dead:
                giveUp(message, "a worker is gone")
                continue
            }
            queue.forget(message, as: .delivered)
            worker.busy += 1
            message.slot = worker
            // A message that may run again is begun without asking.
            assign(message, to: worker.peer, isTaken: message.isIdempotent)
            queue.countOut += 1
            methods.waited(message.header, now - message.arrived)
            transmit(message)
        }
        ask(queue)
    }

    /// Work that no free slot is given for: workers whose home is another broker are told.
    private func ask(_ queue: BrokerQueue) {
        guard queue.ready > 0, now - queue.askedAt >= 500,
            queue.workers.contains(where: { $0.slots == 0 && $0.busy == 0 && $0.peer.route != nil })
        else { return }
        queue.askedAt = now
        var waiting = MessageHeader(.waiting, id: MessageID(sender: boot, counter: 0))
        waiting.queue = queue.name
        for worker in queue.workers where worker.slots == 0 { send(worker.peer, waiting) }
    }

    /// Gives a message to the worker that has got it before; it takes no slot.
    func hand(_ message: BrokerMessage, to worker: BrokerPeer) {
        assign(message, to: worker, isTaken: true)
        message.header.flags.insert(.resent)
        if message.isCall { message.sender.waitsFor.insert(message.id) }
        transmit(message)
    }

    /// From here on the message is a worker's.
    func assign(_ message: BrokerMessage, to worker: BrokerPeer, isTaken: Bool) {
        message.state = .delivered
        message.worker = worker
        message.isTaken = isTaken
        message.deliveredAt = now
        messages[message.id] = message
        worker.delivered.insert(message.id)
        queue(message.header.queue)?.inFlight += 1
    }

    /// The message is no worker's any more, and its slot is free.
    func unassign(_ message: BrokerMessage) {
        guard let worker = message.worker else { return }
        queues[message.header.queue]?.inFlight -= 1
        worker.delivered.remove(message.id)
        message.slot?.busy -= 1
        message.slot = nil
        message.worker = nil
    }

    func transmit(_ message: BrokerMessage) {
        guard let worker = message.worker else { return }
        var header = message.header
        header.remaining = max(1, message.deadline - now)
        header.amount = UInt64(message.turn)
        send(worker, header, message.body)
    }

    // MARK: Workers' answers

    /// A worker has a message that is not to run twice, and waits for the word to begin.
    func take(_ peer: BrokerPeer, _ id: MessageID) {
        guard let message = messages[id], message.worker === peer, message.state == .delivered else {
            // Given to another one since, or at its end.
            return handled[id] == nil ? send(peer, MessageHeader(.cancel, id: id)) : ()
        }
        if message.isSuspect || (!message.isTaken && isDoubtful(message)) {
            send(peer, MessageHeader(.cancel, id: id))
            return doubt(message, since: message.sender.lastHeard)
        }
        message.isTaken = true
        marks.go(id, to: peer.instance)
        marks.taken(id, by: peer.instance)
    }

    /// Whether the sender may have given the message to another broker meanwhile.
    private func isDoubtful(_ message: BrokerMessage) -> Bool {
        !message.isIdempotent && !message.isCleared
            && (now < doubtUntil || now - message.sender.lastHeard > limits.silence)
    }

    func progress(_ peer: BrokerPeer, _ header: MessageHeader, _ body: [UInt8]) {
        guard let message = messages[header.id], message.worker === peer, message.isCall else { return }
        send(message.sender, MessageHeader(.progress, id: header.id), body)
    }

    /// A message is at its end: REPLY or FAIL of a call, DONE of a cast.
    func settle(_ peer: BrokerPeer, _ id: MessageID, _ kind: MessageKind, _ body: [UInt8]) {
        // The answer to a message of another broker: its sender asks here, and then the worker is asked.
        guard let message = messages[id], message.worker === peer else { return }
        methods.served(message.header, now - message.deliveredAt)
        trace(message, kind == .done ? "done" : kind == .fail ? "fail" : "reply")
        release(message)
        handled.insert(id, peer.instance)
        if message.isCall {
            message.sender.waitsFor.remove(id)
            var answer = MessageHeader(kind == .done ? .reply : kind, id: id)
            answer.principal = peer.name
            send(message.sender, answer, body)
        } else {
            marks.settled(id)
        }
        if let queue = queues[message.header.queue] { dispatch(queue) }
    }

    /// Takes a message off the books.
    func release(_ message: BrokerMessage) {
        messages[message.id] = nil
        unassign(message)
        message.state = .dropped
    }

    // MARK: Ends without an answer

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
        case .held: unhold(message, as: .dropped)
        case .delivered:
            // Its slot is free only when the worker has ended it.
            if let worker = message.worker { send(worker, MessageHeader(.cancel, id: id)) }
        case .dropped: break
        }
    }

    func expire(_ message: BrokerMessage, in queue: BrokerQueue) {
        queue.forget(message, as: .dropped)
        queue.status.expired += 1
        messages[message.id] = nil
        guard message.isCall else { return bury(message, "expired") }
        message.sender.waitsFor.remove(message.id)
        fail(
            message,
            NovaError(
                .timeout, "No service took the request in time.",
                details: "queue \(message.header.queue), message \(message.id)"))
    }

    func bury(_ message: BrokerMessage, _ reason: String) {
        queues[message.header.queue]?.status.deadLetters += 1
        var letter = DeadLetter()
        letter.message = message.id.description
        letter.queue = message.header.queue.description
        letter.interface = message.header.interface.isEmpty ? message.header.queue.topic : message.header.interface
        letter.method = Int64(message.header.method)
        letter.sender = message.header.principal.description
        letter.reason = reason
        letter.trace = message.header.trace.description
        deadLetters.append(letter)
        if deadLetters.count > limits.deadLetters { deadLetters.removeFirst() }
        marks.settled(message.id)
        actions.append(.note("dead letter: \(letter.debugText)"))
    }

    /// Calls that wait where nobody serves any more are answered at once.
    func refuseUnserved(_ queue: BrokerQueue) {
        guard now >= settlingUntil else { return }
        for message in queue.pending where message.isCall {
            guard let reason = refusal(message, queue) else { continue }
            queue.forget(message, as: .dropped)
            queue.status.rejected += 1
            refuse(message, reason)
        }
    }

    // MARK: Fanout

    func publish(_ peer: BrokerPeer, _ header: MessageHeader, _ body: [UInt8]) {
        defer { accept(peer, header) }
        guard handled.insert(header.id, 0), let queue = queues[header.queue] else { return }
        queue.countIn += 1
        var copy = header
        copy.principal = peer.name
        var copies = 0
        for worker in queue.workers {
            guard worker.peer.route != nil else {
                worker.peer.missed[header.queue, default: 0] += 1
                continue
            }
            copies += 1
            queue.countOut += 1
            send(worker.peer, copy, body)
        }
        trace(copy, copies: copies)
    }

    /// Tells slow subscribers how much they missed.
    func tellMissed() {
        let slow = peers.values.filter { $0.route != nil && !$0.missed.isEmpty }
        for peer in slow.sorted(by: { $0.instance < $1.instance }) {
            let missed = peer.missed
            peer.missed = [:]
            for (queue, count) in missed.sorted(by: { $0.key.topic < $1.key.topic }) {
                var header = MessageHeader(.missed, id: MessageID(sender: boot, counter: 0))
                header.queue = queue
                header.amount = count
                queues[queue]?.status.missed += Int64(clamping: count)
                send(peer, header)
            }
        }
    }
}
