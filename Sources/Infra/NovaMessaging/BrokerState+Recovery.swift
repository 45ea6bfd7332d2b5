import NovaCore
import NovaWire

// What happens when a worker or another broker was lost. A message that may have been taken at another broker is held
// until every worker of its queue has said that it does not have it; a worker that says so runs it for this broker only.
// One that may run again does not wait for workers that do not answer.
extension BrokerState {
    /// A sender that heard a broker so many milliseconds before its end has missed nothing.
    static let exactness: Int64 = 100
    /// How long a message that may run again waits for the word of workers, in milliseconds.
    private static let patience: Int64 = 300

    /// Holds a message that was sent to another broker before, or may have been.
    func hold(_ message: BrokerMessage, _ doubt: MessageDoubt) {
        guard held.count < limits.messages, let queue = queue(message.header.queue) else {
            return refuse(message, .full)
        }
        queue.lastUsed = now
        queue.countIn += 1
        messages[message.id] = message
        // A cast is accepted only when it is known that it goes on; its sender may be told that it is lost.
        if message.isCall { admit(message) }
        ask(for: message, in: queue, doubt)
    }

    private func ask(for message: BrokerMessage, in queue: BrokerQueue, _ doubt: MessageDoubt) {
        message.state = .held
        held.insert(message.id)
        queue.held += 1
        message.heldAt = now
        switch doubt {
        case .taken(let instance) where !message.isIdempotent:
            message.owner = instance
            message.mustBeClaimed = true
            if let worker = peers[instance] { ask(worker, for: message) }
        case .unknown(let time) where !message.isIdempotent && time > Self.exactness:
            // What its last broker did after it was heard for the last time its sender cannot know.
            message.unknownSince = now - time
            message.mustBeClaimed = awakeSince >= now - time - limits.settling - limits.grace
            fallthrough
        case .taken, .unknown: for worker in queue.workers { ask(worker.peer, for: message) }
        }
        resume(message)
    }

    /// A sender is lost, or was: what of its messages has not begun it may have given to another broker.
    func suspect(_ peer: BrokerPeer, since: Int64) {
        guard messages.count > 0 else { return }
        let waiting = messages.values.filter {
            $0.sender === peer && !$0.isIdempotent && !$0.isTaken && !$0.isCleared
        }
        for message in waiting.sorted(by: { MessageID.isBefore($0.id, $1.id) }) {
            switch message.state {
            case .pending: doubt(message, since: since)
            case .delivered: message.isSuspect = true
            case .held, .dropped: break
            }
        }
    }

    /// A message that is here already came again: its sender was with another broker in between.
    func comeBack(_ message: BrokerMessage, _ header: MessageHeader) {
        guard header.attempt > message.turn else { return }
        message.turn = header.attempt
        guard !message.isIdempotent else { return }
        message.isCleared = false
        switch message.state {
        case .held:
            unhold(message, as: .pending)
            queues[message.header.queue].map { ask(for: message, in: $0, doubt(of: header)) }
        case .pending: doubt(message, doubt(of: header))
        case .delivered where !message.isTaken: message.isSuspect = true
        case .delivered, .dropped: break
        }
    }

    /// Holds a message whose sender may have given it to another broker, until all workers have said what they know.
    private func doubt(_ message: BrokerMessage, _ doubt: MessageDoubt) {
        guard let queue = queues[message.header.queue] else { return }
        if message.state == .delivered { unassign(message) } else { queue.forget(message, as: .held) }
        message.isSuspect = false
        ask(for: message, in: queue, doubt)
    }

    /// The same, when nobody knows since a time.
    func doubt(_ message: BrokerMessage, since: Int64) {
        doubt(message, .unknown(since: min(since, unreadSince), now: now))
    }

    /// What is not known of a message that has come.
    func doubt(of header: MessageHeader) -> MessageDoubt {
        let said = MessageDoubt(header)
        guard case .unknown(let time) = said else { return said }
        return .unknown(since: min(now - time, unreadSince), now: now)
    }

    /// After this process stood still, since when: what lay unread meanwhile was sent long before it was heard, and its
    /// sender may have turned elsewhere.
    private var unreadSince: Int64 { now < doubtUntil ? doubtSince : now }

    private func ask(_ peer: BrokerPeer, for message: BrokerMessage) {
        message.unanswered.insert(peer.instance)
        peer.asked.insert(message.id)
        marks.query(message, to: peer.instance)
    }

    /// All that is held, in the order of its coming.
    var heldMessages: [BrokerMessage] {
        held.compactMap { messages[$0] }.sorted { $0.order < $1.order }
    }

    /// A worker that was not here has come: it may have what is held.
    func askNewcomer(_ peer: BrokerPeer, _ queue: BrokerQueue) {
        guard queue.held > 0 else { return }
        for message in heldMessages {
            guard message.header.queue == queue.name,
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
        assign(message, to: worker, isTaken: true)
        if !message.isCall { accept(message.sender, message.header) }
        marks.taken(message.id, by: worker.instance)
    }

    /// A worker does not have a message.
    func disclaim(_ peer: BrokerPeer, _ id: MessageID, _ reason: DisclaimReason, turn: UInt8) {
        guard let message = messages[id] else { return }
        if message.state == .held {
            // An answer to an earlier question is none to the last one.
            guard reason.answersQuery, turn == message.turn else { return }
            peer.asked.remove(id)
            guard message.unanswered.remove(peer.instance) != nil else { return }
            if reason == .outbid {
                // Its sender has turned to another broker since, and waits there.
                return leave(message)
            }
            guard message.owner == peer.instance else { return resume(message) }
            guard reason == .unbegun else { return giveUp(message, "its worker has forgotten it") }
            // The broker that was lost had not let it begin.
            message.owner = nil
            message.mustBeClaimed = false
            return resume(message)
        }
        guard message.state == .delivered, message.worker === peer, !reason.answersQuery else { return }
        // It was asked for elsewhere, and its sender is back here since.
        if message.isSuspect { return doubt(message, since: message.arrived) }
        let queue = queues[message.header.queue]
        release(message)
        if reason == .returned {
            messages[id] = message
            queue?.status.redelivered += 1
            enqueue(message, fresh: false)
        } else {
            leave(message)
            if let queue { dispatch(queue) }
        }
    }

    /// Another broker has the message: its sender waits there, or should have.
    private func leave(_ message: BrokerMessage) {
        message.sender.waitsFor.remove(message.id)
        unhold(message, as: .dropped)
        guard !message.isCall, message.sender.route == nil else { return }
        bury(message, "may have run: its sender is gone, and had given it to another broker")
    }

    /// Lets a held message go on when nobody has it.
    func resume(_ message: BrokerMessage) {
        guard message.state == .held, message.unanswered.isEmpty, !message.mustBeClaimed,
            message.isIdempotent || now >= settlingUntil
        else { return }
        switch missing(message) {
        case .nobody: release(held: message)
        case .silent: break
        case .dead: giveUp(message, "a worker is gone")
        }
    }

    /// Who is here no longer of those that may have had the message from another broker.
    func missing(_ message: BrokerMessage) -> MissingWorker {
        guard let since = message.unknownSince, !message.isIdempotent, let queue = queues[message.header.queue] else {
            return .nobody
        }
        return queue.hasLostWorker(since: since) ? .dead : queue.missesWorker ? .silent : .nobody
    }

    private func release(held message: BrokerMessage) {
        unhold(message, as: .pending)
        message.isCleared = true
        if !message.isCall { accept(message.sender, message.header) }
        enqueue(message, fresh: false)
    }

    /// Ends the waiting for workers that do not answer.
    func hurryHeld() {
        for message in held.isEmpty ? [] : heldMessages {
            let age = now - message.heldAt
            if message.deadline <= now || message.mustBeClaimed && age >= limits.settling {
                giveUp(message, "no worker claimed it")
            } else if message.isIdempotent, age >= Self.patience {
                release(held: message)
            } else if age >= limits.absence {
                giveUp(message, "a worker went without an answer")
            }
        }
    }

    /// Takes a message out of those that are held.
    func unhold(_ message: BrokerMessage, as state: BrokerMessage.State) {
        guard message.state == .held else { return }
        message.state = state
        queues[message.header.queue]?.held -= 1
        held.remove(message.id)
        for instance in message.unanswered { peers[instance]?.asked.remove(message.id) }
        message.unanswered = []
        if state == .dropped { messages[message.id] = nil }
    }

    /// Nobody can say any more whether a held message ran.
    func giveUp(_ message: BrokerMessage, _ reason: String) {
        if message.state == .held {
            guard !message.isIdempotent || message.deadline <= now else { return release(held: message) }
            unhold(message, as: .dropped)
        } else {
            queues[message.header.queue]?.forget(message, as: .dropped)
            messages[message.id] = nil
        }
        message.sender.waitsFor.remove(message.id)
        // The sender of a cast hears of it, too, unless a broker had accepted it.
        fail(message, Self.workerLost(message.header))
        if !message.isCall { bury(message, "may have run: \(reason)") }
    }

    /// The time for workers to return after the broker's start is over.
    func settleDown() {
        settlingUntil = 0
        for message in heldMessages { resume(message) }
        for queue in queues.values.sorted(by: BrokerQueue.isBefore) { refuseUnserved(queue) }
    }

    /// A message's worker is dead.
    func workerLost(_ message: BrokerMessage) {
        if message.isSuspect, !message.isTaken, !message.isIdempotent {
            // Its sender was lost as well, and may have given it to another broker, which let it run.
            return doubt(message, since: message.sender.lastHeard)
        }
        let wasTaken = message.isTaken
        unassign(message)
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
