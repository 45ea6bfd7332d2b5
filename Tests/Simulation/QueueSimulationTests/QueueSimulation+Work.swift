import NovaCore
import NovaWire

@testable import NovaMessaging

// Traffic, faults, and what must hold.
extension QueueSimulation {
    func send(_ index: Int) {
        guard now < trafficUntil else { return }
        events.add(.send(index), at: now + 10 + chance(150))
        guard let peer = peers[index], !isPaused(peerProcesses[index]) else { return }
        nextCounter += 1
        let kind: MessageKind = isTrue(60) ? .call : .cast
        var header = MessageHeader(kind, id: MessageID(sender: peer.instance, counter: nextCounter))
        header.queue = isTrue(70) ? Self.topic : .host("t", "h\(Self.workers.lowerBound + Int(chance(4)))")
        let isIdempotent = isTrue(40)
        if isIdempotent { header.flags.insert(.idempotent) }
        if isTrue(20) { header.flags.insert(.background) }
        let deadline = now + (kind == .call ? 1_000 + chance(9_000) : 60_000)
        operations[header.id] = SimulatedOperation(
            id: header.id, kind: kind, queue: header.queue, isIdempotent: isIdempotent, sender: index,
            senderLife: peerProcesses[index].life, deadline: deadline)
        if kind == .call { report.calls += 1 }
        let request = ClientRequest(header: header, body: [1], deadline: deadline)
        apply(peer.handle(.submit(request), now: now) + peer.flush(now: now), index)
    }

    func complete(_ index: Int, _ counter: UInt64, _ result: Result<[UInt8], NovaError>) {
        guard let peer = peers[index], var operation = operations[MessageID(sender: peer.instance, counter: counter)]
        else { return }
        operation.endedAt = now
        operation.awakeSince = peerProcesses[index].pausedUntil
        switch result {
        case .success:
            operation.isAccepted = true
            if operation.kind == .call {
                report.succeeded += 1
                if operation.runs == 0 { report.violations.append("\(operation.id) was answered and never ran") }
            }
        case .failure: break
        }
        operations[operation.id] = operation
    }

    func work(_ index: Int, _ header: MessageHeader) {
        operations[header.id]?.runs += 1
        if header.id.description == follow { say("RUNS at peer \(index)") }
        note(header.id.counter)
        running[index]?.insert(header.id)
        let time = isTrue(10) ? chance(1_500) : 1 + chance(60)
        events.add(.workEnds(index, life: peerProcesses[index].life, header.id), at: now + time)
    }

    func workEnds(_ index: Int, life: Int, _ id: MessageID) {
        guard peerProcesses[index].life == life, let peer = peers[index], running[index]?.contains(id) == true else {
            return
        }
        let wait = peerProcesses[index].pausedUntil - now
        guard wait <= 0 else { return events.add(.workEnds(index, life: life, id), at: now + wait) }
        running[index]?.remove(id)
        apply(peer.handle(.settle(id, .reply, [2]), now: now) + peer.flush(now: now), index)
    }

    // MARK: Faults

    func fault() {
        guard now < trafficUntil else { return }
        events.add(.fault, at: now + 300 + chance(1_700))
        let peer = Int(chance(Int64(peers.count)))
        let broker = Int(chance(Int64(Self.brokerCount)))
        switch chance(7) {
        case 0: killBroker(broker)
        case 1: killPeer(peer)
        case 2:
            brokerProcesses[broker].pausedUntil = max(brokerProcesses[broker].pausedUntil, now + chance(6_000))
            say("broker \(broker) stands still until \(brokerProcesses[broker].pausedUntil)")
        case 3:
            peerProcesses[peer].pausedUntil = max(peerProcesses[peer].pausedUntil, now + chance(6_000))
            say("peer \(peer) stands still until \(peerProcesses[peer].pausedUntil)")
        case 4, 5:
            cuts[peer * 10 + broker] = now + chance(8_000)
            say("peer \(peer) and broker \(broker) are cut until \(cuts[peer * 10 + broker] ?? 0)")
        default:
            guard let state = brokers[broker], !isPaused(brokerProcesses[broker]) else { return }
            apply(state.handle(.drain, now: now) + state.flush(now: now), broker: broker)
            killLater(broker)
        }
    }

    /// A broker that was drained ends soon.
    private func killLater(_ broker: Int) {
        guard let state = brokers[broker] else { return }
        apply(state.handle(.stop, now: now), broker: broker)
        killBroker(broker)
    }

    // MARK: Judgement

    func judge() {
        for operation in operations.values.sorted(by: { MessageID.isBefore($0.id, $1.id) }) { judge(operation) }
        for (index, peer) in peers.enumerated() {
            if let peer { judge(peer, index) }
        }
        for (index, broker) in brokers.enumerated() {
            if let broker { judge(broker, index) }
        }
        for queue in [Self.topic] + Self.workers.map({ QueueName.host("t", "h\($0)") }) { judgeCredit(queue) }
    }

    /// When all is quiet every queue has its slots at one broker.
    private func judgeCredit(_ name: QueueName) {
        let slots = brokers.compactMap { $0?.queues[name]?.workers.reduce(0) { $0 + $1.slots } ?? 0 }
        let wanted = name.kind == .topic ? 2 * Self.workers.count : 4
        if slots.reduce(0, +) != wanted { report.violations.append("\(name) has \(slots) slots, not \(wanted)") }
    }

    private func judge(_ operation: SimulatedOperation) {
        let what = "\(operation.kind) \(operation.id) to \(operation.queue)"
        if !operation.isIdempotent, operation.runs > 1 {
            report.violations.append("\(what) ran \(operation.runs) times")
        }
        let senderLived = peerProcesses[operation.sender].life == operation.senderLife
        if senderLived { judgeEnd(operation, what) }
        let homeLived = operation.home.map { brokerProcesses[$0.broker].life == $0.life } ?? false
        guard operation.kind == .cast, operation.wasTakenOn, operation.runs == 0, senderLived || homeLived else {
            return
        }
        if operation.isReported {
            report.reported += 1
        } else {
            report.violations.append("\(what) was lost")
        }
    }

    private func judgeEnd(_ operation: SimulatedOperation, _ what: String) {
        guard let ended = operation.endedAt else {
            return report.violations.append("\(what) never ended")
        }
        // One that stood still may be late by as long, and by nothing that came afterwards.
        if operation.kind == .call, ended > max(operation.deadline, operation.awakeSince) + 1_000 {
            report.violations.append("\(what) ended \(ended - operation.deadline) ms after its deadline")
        }
    }
}
