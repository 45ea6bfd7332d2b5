import NovaCore
import NovaWire

@testable import NovaMessaging

extension QueueSimulation {
    func happen(_ event: Event) {
        switch event {
        case .brokerTick(let index, let life):
            guard brokerProcesses[index].life == life, let broker = brokers[index] else { return }
            let wait = brokerProcesses[index].pausedUntil - now
            events.add(event, at: now + (wait > 0 ? wait + 1 : tickEvery))
            guard wait <= 0 else { return }
            apply(broker.handle(.tick, now: now) + broker.flush(now: now), broker: index)
            checkBounds(broker, index)
        case .peerTick(let index, let life):
            guard peerProcesses[index].life == life, let peer = peers[index] else { return }
            let wait = peerProcesses[index].pausedUntil - now
            events.add(event, at: now + (wait > 0 ? wait + 1 : tickEvery))
            guard wait <= 0 else { return }
            apply(peer.handle(.tick, now: now) + peer.flush(now: now), index)
        case .connect(let peer, let link, let life): connect(peer, link, life: life)
        case .arriveAtBroker(let route): arriveAtBroker(route)
        case .arriveAtPeer(let route): arriveAtPeer(route)
        case .brokerHearsEnd(let route): brokerHearsEnd(route)
        case .peerHearsEnd(let route): peerHearsEnd(route)
        case .send(let index): send(index)
        case .workEnds(let index, let life, let id): workEnds(index, life: life, id)
        case .fault: fault()
        case .restartBroker(let index): if brokers[index] == nil { startBroker(index) }
        case .restartPeer(let index): if peers[index] == nil { startPeer(index) }
        }
    }

    /// Prints what concerns the message that is followed.
    func show(_ way: String, _ header: MessageHeader, _ body: [UInt8]) {
        guard let follow else { return }
        let isList = [.taken, .go, .query, .disclaim, .settled, .done].contains(header.kind)
        guard
            header.id.description == follow
                || isList && MessageIDList.decode(body)?.contains(where: { $0.description == follow }) == true
        else { return }
        print("\(now) \(way): \(header.kind) flags \(header.flags.rawValue) amount \(header.amount)")
    }

    func say(_ text: @autoclosure () -> String) { if follow != nil { print("\(now) \(text())") } }

    // MARK: Network

    private func connect(_ peer: Int, _ link: Int, life: Int) {
        guard peerProcesses[peer].life == life, let state = peers[peer], state.links[link].phase == .connecting,
            current[peer]?[link] == nil
        else { return }
        guard let _ = brokers[link], !isPaused(brokerProcesses[link]), !isCut(peer, link),
            !isPaused(peerProcesses[peer])
        else { return events.add(.connect(peer: peer, link: link, life: life), at: now + 100 + chance(200)) }
        let route = nextRoute
        nextRoute += 1
        connections[route] = SimulatedConnection(route: route, peer: peer, link: link, broker: link)
        current[peer]?[link] = route
        apply(state.handle(.connected(link), now: now) + state.flush(now: now), peer)
    }

    /// When to look again: a process that goes on reads before it looks at the time.
    private func again(_ process: ProcessState) -> Int64 { isPaused(process) ? process.pausedUntil : now + 50 }

    /// Whether a message comes once more.
    private func isTwice(_ header: MessageHeader) -> Bool { now < trafficUntil && isTrue(1) && isTrue(30) }

    /// When something sent now arrives, not before what was sent earlier.
    private func arrival(after last: Int64?) -> Int64 { max(last ?? 0, now + 1 + (isTrue(5) ? chance(80) : chance(3))) }

    private func arriveAtBroker(_ route: PeerRoute) {
        guard let connection = connections[route], let first = connection.toBroker.first, first.at <= now else {
            return
        }
        guard let broker = brokers[connection.broker], !connection.isBroken else { return }
        if isCut(connection.peer, connection.broker) || isPaused(brokerProcesses[connection.broker]) {
            return events.add(.arriveAtBroker(route), at: again(brokerProcesses[connection.broker]))
        }
        if !isTwice(first.header) { connection.toBroker.removeFirst() }
        show("peer \(connection.peer) -> broker \(connection.broker)", first.header, first.body)
        note(UInt64(first.header.kind.rawValue) << 32 | UInt64(route))
        if first.header.kind == .cast, first.header.attempt >= operations[first.header.id]?.home?.turn ?? 0 {
            settle(first.header, at: connection.broker)
        }
        let actions = broker.handle(.received(route, first.header, first.body), now: now) + broker.flush(now: now)
        apply(actions, broker: connection.broker)
        if let next = connection.toBroker.first { events.add(.arriveAtBroker(route), at: max(now, next.at)) }
    }

    /// The broker is responsible for the cast now, unless it refuses it.
    private func settle(_ header: MessageHeader, at broker: Int) {
        let life = brokerProcesses[broker].life
        if let home = operations[header.id]?.home, home.broker != broker || home.life != life {
            operations[header.id]?.homeBefore = home
        }
        operations[header.id]?.home = (broker, life, header.attempt)
    }

    private func refused(_ id: MessageID, by broker: Int) {
        guard let operation = operations[id], operation.home?.broker == broker else { return }
        operations[id]?.home = operation.homeBefore
    }

    private func arriveAtPeer(_ route: PeerRoute) {
        guard let connection = connections[route], let first = connection.toPeer.first, first.at <= now else { return }
        guard let peer = peers[connection.peer], !connection.isLeft else { return }
        if isCut(connection.peer, connection.broker) || isPaused(peerProcesses[connection.peer]) {
            return events.add(.arriveAtPeer(route), at: again(peerProcesses[connection.peer]))
        }
        if !isTwice(first.header) { connection.toPeer.removeFirst() }
        show("broker \(connection.broker) -> peer \(connection.peer)", first.header, first.body)
        note(UInt64(first.header.kind.rawValue) << 40 | UInt64(route))
        let age = now - first.at > 100 ? now - first.at : 0
        let event = ClientEvent.received(connection.link, first.header, first.body, age: age)
        apply(peer.handle(event, now: now) + peer.flush(now: now), connection.peer)
        if let next = connection.toPeer.first { events.add(.arriveAtPeer(route), at: max(now, next.at)) }
    }

    private func brokerHearsEnd(_ route: PeerRoute) {
        guard let connection = connections[route], let broker = brokers[connection.broker], !connection.isBroken else {
            return
        }
        if isCut(connection.peer, connection.broker) || isPaused(brokerProcesses[connection.broker])
            || !connection.toBroker.isEmpty
        {
            return events.add(.brokerHearsEnd(route), at: now + 20)
        }
        apply(broker.handle(.gone(route), now: now) + broker.flush(now: now), broker: connection.broker)
        connections[route] = nil
    }

    private func peerHearsEnd(_ route: PeerRoute) {
        guard let connection = connections[route], let peer = peers[connection.peer], !connection.isLeft else { return }
        if isCut(connection.peer, connection.broker) || isPaused(peerProcesses[connection.peer])
            || !connection.toPeer.isEmpty
        {
            return events.add(.peerHearsEnd(route), at: now + 20)
        }
        connections[route] = nil
        guard current[connection.peer]?[connection.link] == route else { return }
        current[connection.peer]?[connection.link] = nil
        apply(peer.handle(.disconnected(connection.link), now: now) + peer.flush(now: now), connection.peer)
        let life = peerProcesses[connection.peer].life
        events.add(.connect(peer: connection.peer, link: connection.link, life: life), at: now + 20 + chance(100))
    }

    // MARK: Actions

    func apply(_ actions: [BrokerAction], broker index: Int) {
        for action in actions {
            switch action {
            case .send(let route, let header, let body):
                if header.kind == .call || header.kind == .cast { checkOrder(header, index) }
                // Though its sender may not be there to hear it.
                if header.kind == .reject { refused(header.id, by: index) }
                guard let connection = connections[route], !connection.isLeft else {
                    if brokers[index] != nil { events.add(.brokerHearsEnd(route), at: now) }
                    continue
                }
                if header.kind == .accepted { operations[header.id]?.wasTakenOn = true }
                let at = arrival(after: connection.toPeer.last?.at)
                connection.toPeer.append((now, at, header, body))
                if connection.toPeer.count == 1 { events.add(.arriveAtPeer(route), at: at) }
            case .note(let text): letter(text)
            case .ignored(let route, let who): report.violations.append("\(who) is ignored at \(route)")
            }
        }
    }

    private func letter(_ text: String) {
        guard text.hasPrefix("dead letter") || text.hasPrefix("an accepted cast was lost") else { return }
        let words = Set(text.split { !$0.isHexDigit && $0 != "-" }.map(String.init))
        guard let id = operations.keys.first(where: { words.contains($0.description) }) else { return }
        note(id.counter)
        operations[id]?.isReported = true
    }

    func apply(_ actions: [ClientAction], _ index: Int) {
        let life = peerProcesses[index].life
        for action in actions {
            switch action {
            case .open(let link): events.add(.connect(peer: index, link: link, life: life), at: now + 1 + chance(20))
            case .close(let link):
                if let route = current[index]?.removeValue(forKey: link), let connection = connections[route] {
                    leave(connection)
                }
            case .send(let link, let header, let body):
                guard let route = current[index]?[link], let connection = connections[route], !connection.isBroken
                else { continue }
                let at = arrival(after: connection.toBroker.last?.at)
                connection.toBroker.append((now, at, header, body))
                if connection.toBroker.count == 1 { events.add(.arriveAtBroker(route), at: at) }
            case .complete(let counter, let result): complete(index, counter, result)
            case .run(let delivery): work(index, delivery.header)
            case .cancelWork(let id):
                if running[index]?.contains(id) == true { events.add(.workEnds(index, life: life, id), at: now + 1) }
            case .note(let text): letter(text)
            case .served, .missed, .connection, .drained: break
            }
        }
    }
}
