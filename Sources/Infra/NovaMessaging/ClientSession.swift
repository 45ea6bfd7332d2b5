import DequeModule
import Glibc
import Logging
import NovaCore
import NovaWire

/// One client's messages and registrations, confined to the client thread.
///
/// It keeps every call without an answer and every cast that no broker has accepted, and sends them again under the
/// same id after a connection was lost. As a worker it knows what it runs and what it answered, so that a message that
/// comes twice is run once.
final class ClientSession {
    struct Unsettled {
        var submission: Submission
        var link: Int?
        var epoch = 0
    }
    struct Registration {
        var slots: Int
        let handler: DeliveryHandler
        var done: CheckedContinuation<Bool, Never>?
        let deadline: Int64
        var isConfirmed = false
    }

    let instance: UInt64
    let name: PeerName
    let log: Logger
    var links: [ClientLink]
    var unsettled: [UInt64: Unsettled] = [:]
    var registrations: [QueueName: Registration] = [:]
    var jobs = ClientJobs()
    var watch: ConnectionWatch?
    private(set) var isClosed = false
    private var earlyCancels: Set<UInt64> = []
    private var readyWaiters: [(deadline: Int64, done: CheckedContinuation<Bool, Never>)] = []
    private var nextDeadline = Int64.max
    private var closing: (deadline: Int64, done: CheckedContinuation<Void, Never>)?
    private var frames: [[UInt8]] = []
    // Internal messages count down from the top, so that they never meet those of callers.
    private var internalCounter = UInt64.max

    init(instance: UInt64, endpoints: [String], name: PeerName, log: Logger, now: Int64) {
        self.instance = instance
        self.name = name
        self.log = log
        links = endpoints.map { ClientLink(endpoint: $0, now: now) }
        for link in links { open(link, now: now) }
    }

    // MARK: The loop

    /// Adds the sockets to poll; answers when the session wants to run at the latest.
    func prepare(_ items: inout [pollfd], now: Int64) -> Int64 {
        var until = min(nextDeadline, now + 500)
        for link in links {
            link.firstItem = -1
            guard let socket = link.socket else {
                until = min(until, link.openAt)
                continue
            }
            link.firstItem = items.count
            if link.mustRead { until = now }
            items.append(pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0))
            if let monitor = link.monitor {
                items.append(pollfd(fd: monitor.descriptor, events: Int16(POLLIN), revents: 0))
            }
        }
        return max(now, until)
    }

    /// Reads what has come; from every socket, whatever its descriptor says, when `all` is true.
    func read(_ items: [pollfd], all: Bool, now: Int64) {
        for index in links.indices {
            let link = links[index]
            let at = link.firstItem
            guard at >= 0, at < items.count, link.socket != nil else { continue }
            if link.monitor != nil, at + 1 < items.count, all || items[at + 1].revents != 0 {
                while link.monitor?.monitorEvent() != nil { greet(link, now: now) }
            }
            guard all || link.mustRead || items[at].revents != 0 else { continue }
            link.flush()
            link.mustRead = true
            for _ in 0..<1_000 {
                guard let socket = link.socket, socket.receive(limit: 2, into: &frames) else {
                    link.mustRead = false
                    break
                }
                guard frames.count == 2, let header = try? MessageHeader(decoding: frames[0]) else {
                    // A broker that sends garbage is no broker of ours; the count of its frames is in the log.
                    log.warning("a malformed message from \(link.endpoint) was dropped")
                    continue
                }
                link.lastHeard = now
                receive(header, frames[1], index, now: now)
            }
        }
    }

    func tick(now: Int64) {
        for index in links.indices { keepAlive(index, now: now) }
        if now >= nextDeadline { expire(now: now) }
        if let closing, now >= closing.deadline || jobs.running == 0 { finish(closing.done, now: now) }
        watch?.note(connection)
    }

    private func keepAlive(_ index: Int, now: Int64) {
        let link = links[index]
        guard link.socket != nil else {
            if now >= link.openAt { open(link, now: now) }
            return
        }
        switch link.state {
        case .connecting: break
        case .greeting where now - link.lastHeard >= 3_000, .ready where now - link.lastHeard >= 3_000:
            log.warning("broker \(link.endpoint) is silent; connecting again")
            link.reopenLater(now: now)
            rehome(now: now)
        case .ready where now - link.lastSent >= 1_000 || now - link.lastHeard >= 1_000:
            guard now - link.lastSent >= 500 else { break }
            link.send(MessageHeader(.ping, id: nextInternalID()), now: now)
        case .greeting, .ready: break
        }
    }

    private func open(_ link: ClientLink, now: Int64) {
        do {
            try link.open(now: now)
            // libzmq tells of connections between processes only.
            if link.isInProcess { greet(link, now: now) }
        } catch {
            log.error("queue connection to \(link.endpoint) failed: \(error)")
            link.reopenLater(now: now)
        }
    }

    private func greet(_ link: ClientLink, now: Int64) {
        link.forgetBacklog()
        link.state = .greeting
        link.lastHeard = now
        var hello = MessageHeader(.hello, id: nextInternalID())
        hello.since = UInt16(MessageHeader.version)
        hello.principal = name
        if link.epoch > 0 { hello.flags.insert(.returning) }
        link.send(hello, now: now)
    }

    func nextInternalID() -> MessageID {
        internalCounter -= 1
        return MessageID(sender: instance, counter: internalCounter)
    }

    // MARK: Received

    private func receive(_ header: MessageHeader, _ body: [UInt8], _ index: Int, now: Int64) {
        let link = links[index]
        switch header.kind {
        case .welcome: welcome(header, index, now: now)
        case .reply: complete(header.id, .success(body))
        case .fail:
            // A failure that cannot be read is a failure still.
            let error = (try? FailureRecord(decoding: body))?.error
            complete(header.id, .failure(error ?? NovaError(.malformed, "A malformed answer was refused.")))
        case .accepted: accepted(header)
        case .reject: rejected(header, link, now: now)
        case .call, .cast: deliver(header, body, index, now: now)
        case .fanout:
            _ = registrations[header.queue]?.handler(Delivery(header: header, body: body))
        case .cancel: jobs.cancel(header.id)
        case .ping: link.send(MessageHeader(.pong, id: header.id), now: now)
        case .drain, .goodbye:
            link.reopenLater(now: now)
            rehome(now: now)
        case .hello, .ready, .credit, .taken, .progress, .pong, .admin: break
        }
    }

    private func welcome(_ header: MessageHeader, _ index: Int, now: Int64) {
        let link = links[index]
        let isOther = link.boot != header.amount
        link.welcomed(boot: header.amount)
        if isOther {
            for id in jobs.recent(now: now) {
                var claim = MessageHeader(.taken, id: id)
                claim.flags = .claim
                link.send(claim, now: now)
            }
        }
        rehome(now: now)
        for waiter in readyWaiters { waiter.done.resume(returning: true) }
        readyWaiters = []
    }

    /// After a change of the live brokers: every registration and every message goes to its home.
    func rehome(now: Int64) {
        for (queue, registration) in registrations {
            registrations[queue]?.isConfirmed = false
            announce(queue, registration, .ready, now: now)
        }
        for counter in unsettled.keys.sorted() { dispatch(counter, now: now) }
    }

    private func accepted(_ header: MessageHeader) {
        if unsettled[header.id.counter] != nil { return complete(header.id, .success([])) }
        for queue in registrations.keys where header.id.counter == registrationIDs[queue] {
            registrations[queue]?.done?.resume(returning: true)
            registrations[queue]?.done = nil
            registrations[queue]?.isConfirmed = true
        }
    }

    private func rejected(_ header: MessageHeader, _ link: ClientLink, now: Int64) {
        let reason = RejectReason(rawValue: header.amount)
        if reason == .unknownPeer {
            if link.state == .ready { greet(link, now: now) }
            return
        }
        let details = "queue \(header.queue), message \(header.id)"
        let error: NovaError =
            switch reason {
            case .noConsumer: NovaError(.noConsumer, "No service is there to do this.", details: details)
            case .full: NovaError(.queueFull, "The service is overloaded; try again later.", details: details)
            default: NovaError(.unavailable, "The message queue refused the request.", details: details)
            }
        complete(header.id, .failure(error))
    }

    private func complete(_ id: MessageID, _ result: Result<[UInt8], NovaError>) {
        guard id.sender == instance, let entry = unsettled.removeValue(forKey: id.counter) else { return }
        entry.submission.done.resume(with: result.mapError { $0 as any Error })
    }

    // MARK: Sent

    func submit(_ submission: Submission, now: Int64) {
        let counter = submission.header.id.counter
        if earlyCancels.remove(counter) != nil { return submission.done.resume(throwing: CancellationError()) }
        guard unsettled.count < 20_000 else {
            return submission.done.resume(
                throwing: NovaError(
                    .queueFull, "The service is overloaded; try again later.", details: "too many calls"))
        }
        unsettled[counter] = Unsettled(submission: submission)
        nextDeadline = min(nextDeadline, submission.deadline)
        dispatch(counter, now: now)
    }

    /// Sends an unsettled message to its home broker, unless it is there already.
    private func dispatch(_ counter: UInt64, now: Int64) {
        guard let entry = unsettled[counter], let home = home(of: entry.submission.header.queue) else { return }
        let link = links[home]
        guard entry.link != home || entry.epoch != link.epoch else { return }
        if entry.link != nil { unsettled[counter]?.submission.header.flags.insert(.resent) }
        unsettled[counter]?.link = home
        unsettled[counter]?.epoch = link.epoch
        guard var header = unsettled[counter]?.submission.header else { return }
        header.remaining = max(1, entry.submission.deadline - now)
        link.send(header, entry.submission.body, now: now)
    }

    func cancel(_ counter: UInt64) {
        guard let entry = unsettled.removeValue(forKey: counter) else {
            // The cancellation came before the message.
            if earlyCancels.count > 1_000 { earlyCancels.removeAll() }
            earlyCancels.insert(counter)
            return
        }
        withdraw(entry)
        entry.submission.done.resume(throwing: CancellationError())
    }

    private func withdraw(_ entry: Unsettled) {
        guard entry.submission.header.kind == .call, let index = entry.link, links[index].state == .ready else {
            return
        }
        links[index].send(MessageHeader(.cancel, id: entry.submission.header.id), now: MonotonicClock.milliseconds())
    }

    private func expire(now: Int64) {
        nextDeadline = Int64.max
        for (counter, entry) in unsettled {
            guard entry.submission.deadline <= now else {
                nextDeadline = min(nextDeadline, entry.submission.deadline)
                continue
            }
            unsettled[counter] = nil
            withdraw(entry)
            let header = entry.submission.header
            let details = "queue \(header.queue), method \(header.method), message \(header.id)"
            let error =
                entry.link == nil
                ? NovaError(.unavailable, "The message queue is not reachable.", details: details)
                : NovaError(.timeout, "The service did not answer in time.", details: details)
            entry.submission.done.resume(throwing: error)
        }
        for (queue, registration) in registrations where registration.done != nil {
            if registration.deadline <= now {
                registration.done?.resume(returning: false)
                registrations[queue]?.done = nil
            } else {
                nextDeadline = min(nextDeadline, registration.deadline)
            }
        }
        for waiter in readyWaiters where waiter.deadline <= now { waiter.done.resume(returning: false) }
        readyWaiters.removeAll { $0.deadline <= now }
        nextDeadline = readyWaiters.reduce(nextDeadline) { min($0, $1.deadline) }
    }

    func awaitReady(deadline: Int64, done: CheckedContinuation<Bool, Never>) {
        if links.contains(where: { $0.state == .ready }) { return done.resume(returning: true) }
        readyWaiters.append((deadline, done))
        nextDeadline = min(nextDeadline, deadline)
    }

    // MARK: Work

    private var registrationIDs: [QueueName: UInt64] = [:]

    func serve(
        _ queue: QueueName, slots: Int, handler: @escaping DeliveryHandler, deadline: Int64,
        done: CheckedContinuation<Bool, Never>
    ) {
        registrations[queue]?.done?.resume(returning: false)
        let registration = Registration(slots: slots, handler: handler, done: done, deadline: deadline)
        registrations[queue] = registration
        registrationIDs[queue] = nextInternalID().counter
        nextDeadline = min(nextDeadline, deadline)
        announce(queue, registration, .ready, now: MonotonicClock.milliseconds())
    }

    /// Tells every live broker the slots: the home all of them, the others one, should a sender see other brokers.
    private func announce(_ queue: QueueName, _ registration: Registration, _ kind: MessageKind, now: Int64) {
        let home = home(of: queue)
        for index in links.indices where links[index].state == .ready {
            let own = max(0, registration.slots - jobs.foreign(to: links[index].boot, in: queue))
            var header = MessageHeader(kind, id: MessageID(sender: instance, counter: registrationIDs[queue] ?? 0))
            header.queue = queue
            header.amount = UInt64(index == home ? own : min(1, own))
            links[index].send(header, now: now)
        }
    }

    private func deliver(_ header: MessageHeader, _ body: [UInt8], _ index: Int, now: Int64) {
        let link = links[index]
        if let result = jobs.meet(header.id, link: index) {
            switch result {
            case .running: link.send(MessageHeader(.taken, id: header.id), now: now)
            case .finished(let kind, let body): link.send(MessageHeader(kind, id: header.id), body, now: now)
            }
            return
        }
        guard let registration = registrations[header.queue], closing == nil else {
            let error = NovaError(.noConsumer, "No service is there to do this.", details: "queue \(header.queue)")
            return link.send(MessageHeader(.fail, id: header.id), FailureRecord(error).encoded(), now: now)
        }
        link.send(MessageHeader(.taken, id: header.id), now: now)
        jobs.begin(header.id, queue: header.queue, link: index, boot: link.boot)
        jobs.setCancel(header.id, registration.handler(Delivery(header: header, body: body)))
    }

    func settle(_ id: MessageID, _ kind: MessageKind, _ body: [UInt8], now: Int64) {
        guard let job = jobs.finish(id, kind, body, now: now) else { return }
        let link = links[job.link]
        guard link.state == .ready else { return }
        link.send(MessageHeader(kind, id: id), body, now: now)
        if job.boot != link.boot, let registration = registrations[job.queue] {
            announce(job.queue, registration, .credit, now: now)
        }
    }

    // MARK: End

    /// Takes no more work and ends when what runs is done, or at the deadline.
    func close(deadline: Int64, done: CheckedContinuation<Void, Never>) {
        guard closing == nil else { return done.resume() }
        closing = (deadline, done)
        for queue in Array(registrations.keys) {
            registrations[queue]?.slots = 0
            if let registration = registrations[queue] {
                announce(queue, registration, .credit, now: MonotonicClock.milliseconds())
            }
        }
        nextDeadline = min(nextDeadline, deadline)
    }

    private func finish(_ done: CheckedContinuation<Void, Never>, now: Int64) {
        isClosed = true
        jobs.cancelAll()
        for registration in registrations.values { registration.done?.resume(returning: false) }
        for waiter in readyWaiters { waiter.done.resume(returning: false) }
        for entry in unsettled.values { entry.submission.done.resume(throwing: ClientThread.closed) }
        registrations = [:]
        unsettled = [:]
        for link in links {
            if link.state == .ready { link.send(MessageHeader(.goodbye, id: nextInternalID()), now: now) }
            link.close()
        }
        done.resume()
    }
}
