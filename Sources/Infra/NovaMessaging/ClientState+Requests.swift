import NovaCore
import NovaWire

// The peer as a sender.
extension ClientState {
    func submit(_ request: ClientRequest) {
        let counter = request.header.id.counter
        guard !wasCancelled(counter) else {
            return actions.append(.complete(counter, .failure(NovaError(CancellationError()))))
        }
        guard requests.count < Self.requestLimit, requestBytes + request.body.count <= Self.requestBytes else {
            let error = NovaError(
                .queueFull, "The service is overloaded; try again later.", details: "\(requests.count) open requests")
            return actions.append(.complete(counter, .failure(error)))
        }
        requests[counter] = Request(
            header: request.header, body: request.body, deadline: request.deadline, silence: request.silence,
            broker: request.broker, heard: now)
        requestBytes += request.body.count
        nextDeadline = min(nextDeadline, request.deadline, now + request.silence)
        dispatch(counter)
    }

    /// Sends a request to its home, unless it is at a broker that knows it.
    func dispatch(_ counter: UInt64) {
        guard var request = requests[counter] else { return }
        var target = home(of: request.header.queue)
        if let only = request.broker { target = links.indices.contains(only) && links[only].isWelcome ? only : nil }
        if let place = request.place {
            let link = links[place.link]
            if link.isWelcome, link.boot == place.boot {
                guard link.epoch != place.epoch else { return }
                // The connection broke and the broker did not: it knows the message if it has got it.
                target = place.link
            }
        }
        if let place = request.place {
            request.header.flags.insert(.resent)
            // Nobody had it before it was sent, whenever a silent broker was heard last; but it may be there still.
            let sent = request.sentAt - BrokerState.exactness - 1
            request.lostAt = min(request.lostAt, max(links[place.link].knownUntil, sent))
            if request.broker == nil, !request.header.flags.contains(.idempotent), target != place.link {
                target = witness(of: request.lostAt, or: target)
            }
        }
        guard let target else { return }
        if let place = request.place, place.boot != links[target].boot { request.turn = min(request.turn, 254) + 1 }
        var header = request.header
        header.attempt = request.turn
        if request.place == nil { request.sentAt = now }
        request.place = Place(link: target, boot: links[target].boot, epoch: links[target].epoch)
        requests[counter] = request
        header.remaining = max(1, request.deadline - now)
        if let worker = request.takenBy {
            header.flags.insert(.taken)
            header.amount = worker
        } else if header.flags.contains(.resent) {
            header.amount = UInt64(max(0, now - request.lostAt))
        }
        send(target, header, request.body)
    }

    /// Any broker will do: operators ask all of them.
    func tell(_ header: MessageHeader) {
        guard let index = links.indices.first(where: { links[$0].phase == .ready }) else { return }
        var header = header
        header.id = nextID()
        send(index, header)
    }

    /// Who decides on a message that may have run: a broker that knew the workers when the other one was lost.
    private func witness(of time: Int64, or home: Int?) -> Int? {
        guard let home, links[home].startedAt > time - Self.settling else { return home }
        let ready = links.indices.filter { links[$0].phase == .ready }
        return ready.min { (links[$0].startedAt, $0) < (links[$1].startedAt, $1) }
    }

    /// After a change of the live brokers: every queue that is served here and every request goes to its home.
    func rehome() {
        for queue in servedQueues {
            services[queue]?.isConfirmed = false
            announce(queue, .ready)
        }
        for counter in requests.keys.sorted() { dispatch(counter) }
    }

    /// The live broker that every peer chooses for a queue: the highest hash of both names.
    func home(of queue: QueueName) -> Int? {
        var best: (index: Int, weight: UInt64)?
        for index in links.indices where links[index].phase == .ready {
            if links.count == 1 { return index }
            let weight = RendezvousHash.weight(of: queue, at: links[index].endpoint)
            if best.map({ weight > $0.weight }) ?? true { best = (index, weight) }
        }
        return best?.index
    }

    // MARK: Answers

    func accepted(_ header: MessageHeader) {
        let counter = header.id.counter
        if let request = requests[counter] {
            guard !request.isAnswered else { return }
            actions.append(.complete(counter, .success([])))
            if request.header.kind == .cast { requests[counter]?.isAnswered = true } else { forget(counter) }
            return
        }
        for queue in servedQueues where services[queue]?.id == counter && services[queue]?.isConfirmed == false {
            services[queue]?.isConfirmed = true
            actions.append(.served(queue))
        }
    }

    func rejected(_ header: MessageHeader, _ index: Int) {
        let reason = RejectReason(rawValue: header.amount)
        if reason == .unknownPeer {
            if links[index].isWelcome { greet(index) }
            return
        }
        if reason == .moved {
            // Never delivered there: it goes elsewhere as if it had not been sent.
            guard requests[header.id.counter] != nil else { return }
            if links[index].phase == .ready { links[index].phase = .draining }
            takeBack(header.id.counter)
            return dispatch(header.id.counter)
        }
        if reason == .full, requests[header.id.counter]?.isAnswered == true {
            // Another broker had accepted it, and was lost: it is this peer's to bring it in.
            takeBack(header.id.counter)
            requests[header.id.counter]?.retryAt = now + Self.retry
            nextRetry = min(nextRetry, now + Self.retry)
            return
        }
        let details = "queue \(header.queue), message \(header.id)"
        let error: NovaError =
            switch reason {
            case .noConsumer: NovaError(.noConsumer, "No service is there to do this.", details: details)
            case .full: NovaError(.queueFull, "The service is overloaded; try again later.", details: details)
            case .noCompatibleWorker:
                NovaError(
                    .unsupportedVersion, "The services that are there are too old for this; upgrade them first.",
                    details: details)
            case .forbidden:
                NovaError(.forbidden, "The message queue does not let this service do that.", details: details)
            default: NovaError(.unavailable, "The message queue refused the request.", details: details)
            }
        complete(header.id, .failure(error))
    }

    /// A broker did not take the message: it goes on as if it had not been sent there.
    private func takeBack(_ counter: UInt64) {
        guard let request = requests[counter] else { return }
        requests[counter]?.place = nil
        requests[counter]?.header.flags.insert(.resent)
        requests[counter]?.turn = min(request.turn, 254) + 1
    }

    /// Brings accepted casts to a broker that was full.
    func retryRefused() {
        guard nextRetry <= now else { return }
        nextRetry = Int64.max
        for counter in requests.keys.sorted() {
            guard let retryAt = requests[counter]?.retryAt else { continue }
            guard retryAt <= now else {
                nextRetry = min(nextRetry, retryAt)
                continue
            }
            requests[counter]?.retryAt = nil
            dispatch(counter)
        }
    }

    func complete(_ id: MessageID, _ result: Result<[UInt8], NovaError>) {
        guard id.sender == instance, let request = forget(id.counter), !request.isAnswered else { return }
        actions.append(.complete(id.counter, result))
    }

    @discardableResult
    func forget(_ counter: UInt64) -> Request? {
        guard let request = requests.removeValue(forKey: counter) else { return nil }
        requestBytes -= request.body.count
        return request
    }

    // MARK: Ends

    func cancel(_ counter: UInt64) {
        // A cancellation may come before its message.
        guard let request = requests[counter] else { return cancelEarly(counter) }
        guard !request.isAnswered else { return }
        forget(counter)
        withdraw(request)
        actions.append(.complete(counter, .failure(NovaError(CancellationError()))))
    }

    private func withdraw(_ request: Request) {
        guard request.header.kind == .call, let place = request.place, links[place.link].isWelcome else { return }
        send(place.link, MessageHeader(.cancel, id: request.header.id))
    }

    /// Gives up what has no time left, and calls whose worker has been silent for too long.
    func expire() {
        nextDeadline = Int64.max
        for counter in requests.keys.sorted() {
            guard let request = requests[counter] else { continue }
            let isCall = request.header.kind == .call
            let end = isCall ? min(request.deadline, request.heard + request.silence) : request.deadline
            guard end <= now else {
                nextDeadline = min(nextDeadline, end)
                continue
            }
            forget(counter)
            let header = request.header
            let details = "queue \(header.queue), method \(header.method), message \(header.id)"
            guard !request.isAnswered else {
                // Where a broker has it, that one reports its end.
                if request.place == nil || !links.contains(where: \.isWelcome) {
                    actions.append(.note("an accepted cast was lost: \(details)"))
                }
                continue
            }
            withdraw(request)
            let error =
                request.place == nil
                ? NovaError(.unavailable, "The message queue is not reachable.", details: details)
                : NovaError(.timeout, "The service did not answer in time.", details: details)
            actions.append(.complete(counter, .failure(error)))
        }
    }
}
