import NovaCore
import NovaWire

// Who is there: HELLO, lost connections, and the dead.
extension BrokerState {
    func hello(_ route: PeerRoute, _ header: MessageHeader) {
        let name = header.principal
        guard !name.role.isEmpty, header.since >= 1 else { return strike(route, "a HELLO without a name") }
        let instance = header.id.sender
        if let before = routes[route], before.instance != instance { remove(before) }
        if let peer = peers[instance] {
            guard peer.name == name else { return strike(route, "a HELLO with another peer's number") }
            suspect(peer, since: peer.lastHeard)
            if let old = peer.route, old != route { routes[old] = nil }
            peer.route = route
            peer.deadAt = nil
            peer.lastHeard = now
            routes[route] = peer
        } else {
            guard peers.count < limits.peers else { return reject(route, header, .full) }
            let peer = BrokerPeer(
                instance: instance, name: name, version: header.since, route: route, age: header.remaining, now: now)
            peers[instance] = peer
            routes[route] = peer
        }
        // Who was here before, and not with this process, says that the others were, too.
        if header.flags.contains(.returning), header.amount != boot, settlingUntil == 0, now - awakeSince < 30_000 {
            settlingUntil = now + limits.settling
        }
        welcome(route, header)
    }

    private func welcome(_ route: PeerRoute, _ header: MessageHeader) {
        var welcome = MessageHeader(.welcome, id: header.id)
        welcome.since = min(header.since, UInt16(MessageHeader.version))
        welcome.amount = boot
        welcome.remaining = min(now - awakeSince, Int64(UInt32.max))
        send(route, welcome)
        if isDraining { send(route, MessageHeader(.drain, id: MessageID(sender: boot, counter: 0))) }
        // What was on its way when the connection broke: a worker knows what it has already got.
        guard let peer = routes[route] else { return }
        for id in peer.delivered.sorted(by: MessageID.isBefore) {
            guard let message = messages[id] else { continue }
            message.header.flags.insert(.resent)
            transmit(message)
            if message.isTaken, !message.isIdempotent { marks.go(id, to: peer.instance) }
        }
        for id in peer.asked.sorted(by: MessageID.isBefore) {
            if let message = messages[id] { marks.query(message, to: peer.instance) }
        }
    }

    func lose(_ route: PeerRoute) {
        guard let peer = routes.removeValue(forKey: route) else { return }
        peer.route = nil
        peer.deadAt = now + limits.grace
    }

    /// A peer is dead or has left: its work goes elsewhere, its calls are cancelled.
    func remove(_ peer: BrokerPeer, isSilent: Bool = false) {
        if let route = peer.route { routes[route] = nil }
        peer.route = nil
        peers[peer.instance] = nil
        let served = peer.queues.compactMap { queues[$0] }.sorted(by: BrokerQueue.isBefore)
        for queue in served { queue.leave(peer, isSilent: isSilent, now: now) }
        let lost = peer.delivered.compactMap { messages[$0] }.sorted {
            ($0.arrived, $0.id.counter) > ($1.arrived, $1.id.counter)
        }
        peer.delivered = []
        for message in lost { workerLost(message) }
        // It may have had what it was asked for, and cannot say so any more, unless it comes back.
        for id in peer.asked.sorted(by: MessageID.isBefore) {
            guard let message = messages[id], !isSilent || message.isIdempotent else { continue }
            giveUp(message, "a worker went without an answer")
        }
        for id in peer.waitsFor.sorted(by: MessageID.isBefore) { drop(id) }
        peer.waitsFor = []
        suspect(peer, since: peer.lastHeard)
        for queue in served {
            refuseUnserved(queue)
            dispatch(queue)
        }
    }

    /// What a peer says of its dispatcher with each PING: what has ended, and what runs.
    func heard(_ peer: BrokerPeer, _ header: MessageHeader) {
        if header.method == 0 || header.amount != peer.progress {
            peer.progress = header.amount
            peer.progressAt = now
            peer.isStuck = false
        } else if !peer.isStuck, now - peer.progressAt > limits.stuck {
            peer.isStuck = true
            actions.append(
                .note("\(peer.name) has ended nothing for \(limits.stuck / 1000) s with \(header.method) in hand"))
        }
    }
}
