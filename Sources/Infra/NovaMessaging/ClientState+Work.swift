import NovaCore
import NovaWire

// The peer as a worker.
extension ClientState {
    static let lendFor: Int64 = 2_000

    func serve(_ service: ClientService) {
        services[service.queue] = Service(slots: service.slots, versions: service.versions, id: nextID().counter)
        announce(service.queue, .ready)
    }

    /// The queues that are served here, always in one order.
    var servedQueues: [QueueName] {
        services.count < 2
            ? Array(services.keys)
            : services.keys.sorted { ($0.kind.rawValue, $0.description) < ($1.kind.rawValue, $1.description) }
    }

    /// Tells every live broker the slots: the home all of them but those lent, another one those lent to it.
    func announce(_ queue: QueueName, _ kind: MessageKind) {
        guard let service = services[queue] else { return }
        let home = home(of: queue)
        let slots = isDraining ? 0 : service.slots
        for index in links.indices where links[index].isWelcome {
            let lent = service.lent.count { $0.key != index }
            let own = max(0, slots - jobs.foreign(to: links[index].boot, in: queue) - lent)
            let amount = index == home ? own : (service.lent[index] != nil ? min(1, slots) : 0)
            var header = MessageHeader(kind, id: MessageID(sender: instance, counter: service.id))
            header.queue = queue
            header.amount = UInt64(queue.kind == .fanout ? service.slots : amount)
            send(index, header, kind == .ready ? InterfaceVersions.encode(service.versions) : [])
        }
    }

    /// A broker that is not the home has work: it gets one free slot for a while.
    func lend(_ queue: QueueName, to index: Int) {
        guard let service = services[queue], !isDraining, links[index].isWelcome, home(of: queue) != index else {
            return
        }
        guard service.lent[index] != nil || jobs.running(in: queue) + service.lent.count < service.slots else { return }
        services[queue]?.lent[index] = now + Self.lendFor
        nextReturn = min(nextReturn, now + Self.lendFor)
        if service.lent[index] == nil { announce(queue, .credit) }
    }

    func takeBack() {
        guard nextReturn <= now else { return }
        nextReturn = Int64.max
        for queue in servedQueues {
            guard let lent = services[queue]?.lent else { continue }
            let kept = lent.filter { $0.value > now }
            nextReturn = min(nextReturn, kept.values.min() ?? Int64.max)
            guard kept.count < lent.count else { continue }
            services[queue]?.lent = kept
            announce(queue, .credit)
        }
    }

    // MARK: Messages

    func deliver(_ header: MessageHeader, _ body: [UInt8], _ index: Int, age: Int64) {
        let id = header.id
        if let known = jobs.meet(id, link: index) { return tell(id, known, index) }
        let mayRunAgain = header.flags.contains(.idempotent)
        if !mayRunAgain, let promise = promises[id], promise.boot != links[index].boot {
            guard promise.turn < header.amount else { return disclaim(id, index, .refused) }
            promises.insert(id, Promise(boot: links[index].boot, turn: header.amount))
        }
        guard services[header.queue] != nil, !isDraining else { return disclaim(id, index, .returned) }
        let deadline = now + header.remaining - age
        guard deadline > now else { return refuse(id, header.kind, index, Self.late) }
        let delivery = Delivery(header: header, body: body)
        if mayRunAgain {
            jobs.begin(delivery, link: index, boot: links[index].boot, now: now)
            actions.append(.run(delivery))
        } else {
            jobs.hold(delivery, link: index, boot: links[index].boot, deadline: deadline)
            marks.taken(id, at: index)
        }
    }

    /// The broker knows that the message is taken here, and lets it run.
    func go(_ id: MessageID, _ index: Int) {
        guard let job = jobs.waiting(id), job.link == index, job.boot == links[index].boot else {
            // Another broker was quicker, and this one hears of the end too; or it was dropped since.
            guard let known = jobs.meet(id, link: index) else { return disclaim(id, index, .refused) }
            if case .finished(let kind, let body) = known { end(id, kind, body, index) }
            return
        }
        guard job.deadline > now else {
            jobs.drop(id)
            return refuse(id, job.delivery.header.kind, index, Self.late)
        }
        jobs.start(id, now: now)
        actions.append(.run(job.delivery))
    }

    /// A broker asks for messages that were sent again: what is not known here will not run for another broker.
    func answer(_ ids: [MessageID], _ index: Int, turn: UInt64) {
        for id in ids {
            if let known = jobs.meet(id, link: index) {
                tell(id, known, index)
            } else if let promise = promises[id], promise.turn > turn {
                disclaim(id, index, .outbid, turn)
            } else {
                let reason: DisclaimReason = jobs.waiting(id) == nil ? .unknown : .unbegun
                jobs.drop(id)
                promises.insert(id, Promise(boot: links[index].boot, turn: turn))
                disclaim(id, index, reason, turn)
            }
        }
    }

    private func tell(_ id: MessageID, _ known: ClientJobs.Known, _ index: Int) {
        var claim = MessageHeader(.taken, id: nextID())
        claim.flags = .claim
        send(index, claim, MessageIDList.encode([id]))
        guard case .finished(let kind, let body) = known else { return }
        end(id, kind, body, index)
    }

    /// The message is not here; `turn` is that of the question, if there was one.
    private func disclaim(_ id: MessageID, _ index: Int, _ reason: DisclaimReason, _ turn: UInt64 = 0) {
        guard links[index].isWelcome else { return }
        var header = MessageHeader(.disclaim, id: nextID())
        header.amount = reason.rawValue
        header.attempt = UInt8(clamping: turn)
        send(index, header, MessageIDList.encode([id]))
    }

    private func refuse(_ id: MessageID, _ kind: MessageKind, _ index: Int, _ error: NovaError) {
        end(id, kind == .call ? .fail : .done, kind == .call ? FailureRecord(error).encoded() : [], index)
    }

    /// The answer of a call, or the end of a cast, to the broker that waits for it.
    private func end(_ id: MessageID, _ kind: MessageKind, _ body: [UInt8], _ index: Int) {
        if kind == .done { marks.done(id, at: index) } else { send(index, MessageHeader(kind, id: id), body) }
    }

    func withdraw(_ id: MessageID) {
        guard let waiting = jobs.waiting(id) else { return actions.append(.cancelWork(id)) }
        jobs.drop(id)
        disclaim(id, waiting.link, .refused)
    }

    /// A handler has ended: REPLY or FAIL of a call, DONE of a cast.
    func settle(_ id: MessageID, _ kind: MessageKind, _ body: [UInt8]) {
        guard let job = jobs.finish(id, kind, body, now: now) else { return }
        if isDraining, jobs.running == 0 { actions.append(.drained) }
        for index in job.links where links[index].isWelcome { end(id, job.kind ?? kind, job.body, index) }
        guard let last = job.links.last else { return }
        if job.boot != links[last].boot || home(of: job.queue) != last { announce(job.queue, .credit) }
    }

    func drain() {
        guard !isDraining else { return }
        isDraining = true
        for queue in servedQueues { announce(queue, .credit) }
        if jobs.running == 0 { actions.append(.drained) }
    }

    /// Tells the callers of long calls that the work goes on.
    func reportProgress() {
        for (id, link) in jobs.due(now: now) where links[link].isWelcome {
            send(link, MessageHeader(.progress, id: id))
        }
    }

    private static let late = NovaError(.timeout, "The service was too late to begin the request.")
}
