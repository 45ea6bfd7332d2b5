import DequeModule
import NovaCore
import NovaWire

/// The rules of a peer, without sockets, clocks or tasks: events in, actions out (`proto-spec/wire/envelope.md`).
///
/// As a sender it keeps every call until its answer, and every cast until a worker has taken it, and sends them again
/// under the same ids when a broker is lost. As a worker it knows what it runs and what it answered, runs a message
/// that must not run twice only when its broker has let it, and never after it has told another broker that it will
/// not. Times are milliseconds of any monotonic clock.
final class ClientState {
    /// Where a request was sent.
    struct Place: Equatable {
        var link: Int
        var boot: UInt64
        var epoch: Int
    }
    struct Request {
        var header: MessageHeader
        let body: [UInt8]
        let deadline: Int64
        let silence: Int64
        let broker: Int?
        var heard: Int64
        var place: Place?
        /// When it was sent for the first time.
        var sentAt: Int64 = 0
        /// How often it went to another broker.
        var turn: UInt8 = 0
        /// The worker that has it.
        var takenBy: UInt64?
        /// When the first broker that may have delivered it was heard for the last time.
        var lostAt = Int64.max
        /// When it is sent again, after a broker that was full.
        var retryAt: Int64?
        /// A cast whose sender goes on already; the copy is kept until it has ended.
        var isAnswered = false
    }
    /// Which broker alone may let a message run here.
    struct Promise {
        let boot: UInt64
        /// How often the message's sender had turned to another broker before.
        let turn: UInt64
    }
    struct Service {
        var slots: Int
        let versions: [String: UInt16]
        let id: UInt64
        var isConfirmed = false
        /// Slots lent to brokers that are not the home: until when.
        var lent: [Int: Int64] = [:]
    }

    static let requestLimit = 20_000
    static let requestBytes = 64 << 20
    static let silence: Int64 = 3_000
    /// How long a cast that was accepted elsewhere waits after a broker that was full, in milliseconds.
    static let retry: Int64 = 500
    /// A broker this much older than a loss knew all workers then, in milliseconds.
    static let settling: Int64 = 4_000

    let instance: UInt64
    let name: PeerName
    var now: Int64
    let started: Int64
    var links: [ClientLinkState]
    var requests: [UInt64: Request] = [:]
    var requestBytes = 0
    var services: [QueueName: Service] = [:]
    var jobs = ClientJobs()
    /// Messages that only one broker may let run here: the last one that asked for them.
    var promises = BoundedMap<MessageID, Promise>(limit: 20_000)
    /// Fanout messages that came.
    var seen = BoundedMap<MessageID, Bool>(limit: 4_096)
    var marks = ClientMarks()
    var isDraining = false
    var isStopped = false
    var nextDeadline = Int64.max
    var nextRetry = Int64.max
    /// When a lent slot is due back.
    var nextReturn = Int64.max
    var random: SplitMix64
    var actions: [ClientAction] = []
    private var earlyCancels: Set<UInt64> = []
    private var told: QueueConnection?
    // Internal messages count down from the top, so that they never meet those of callers.
    private var internalCounter = UInt64.max

    init(instance: UInt64, endpoints: [String], name: PeerName, seed: UInt64, now: Int64) {
        self.instance = instance
        self.name = name
        self.now = now
        started = now
        random = SplitMix64(seed: seed)
        links = endpoints.map { ClientLinkState(endpoint: $0, now: now) }
    }

    /// Takes one event and says what to do, in order.
    func handle(_ event: ClientEvent, now: Int64) -> [ClientAction] {
        self.now = now
        guard !isStopped else { return [] }
        switch event {
        case .connected(let index): greet(index)
        case .disconnected(let index): lost(index)
        case .failed(let index): links[index].close(now: now, random: &random)
        case .received(let index, let header, let body, let age): receive(header, body, index, age: age)
        case .submit(let request): submit(request)
        case .cancel(let counter): cancel(counter)
        case .tell(let header): tell(header)
        case .serve(let service): serve(service)
        case .settle(let id, let kind, let body): settle(id, kind, body)
        case .drain: drain()
        case .stop: stop()
        case .vanish: vanish()
        case .tick: tick()
        }
        return taken()
    }

    /// Sends what was put together for one message; to be called when no more events wait.
    func flush(now: Int64) -> [ClientAction] {
        self.now = now
        for (index, kind, ids) in marks.take() where links[index].isWelcome {
            send(index, MessageHeader(kind, id: nextID()), MessageIDList.encode(ids))
        }
        noteConnection()
        return taken()
    }

    /// When ``ClientEvent/tick`` is due at the latest.
    var nextTick: Int64 { min(nextDeadline, now + 500) }

    private func taken() -> [ClientAction] {
        let result = actions
        actions = []
        return result
    }

    func nextID() -> MessageID {
        internalCounter -= 1
        return MessageID(sender: instance, counter: internalCounter)
    }

    func send(_ index: Int, _ header: MessageHeader, _ body: [UInt8] = []) {
        links[index].lastSent = now
        actions.append(.send(index, header, body))
    }

    private func noteConnection() {
        let connection: QueueConnection =
            links.contains(where: \.isWelcome)
            ? .connected(unconfirmed: services.values.count { !$0.isConfirmed }) : .lost
        guard connection != told else { return }
        told = connection
        actions.append(.connection(connection))
    }

    private func receive(_ header: MessageHeader, _ body: [UInt8], _ index: Int, age: Int64) {
        links[index].lastHeard = now
        switch header.kind {
        case .welcome: welcome(header, index)
        case .reply: complete(header.id, .success(body))
        case .fail:
            // A failure that cannot be read is a failure still.
            let error = (try? FailureRecord(decoding: body))?.error
            complete(header.id, .failure(error ?? NovaError(.malformed, "A malformed answer was refused.")))
        case .progress: requests[header.id.counter]?.heard = now
        case .accepted: accepted(header)
        case .settled: for id in MessageIDList.decode(body) ?? [] { complete(id, .success([])) }
        case .reject: rejected(header, index)
        case .call, .cast: deliver(header, body, index, age: age)
        case .go: for id in MessageIDList.decode(body) ?? [] { go(id, index) }
        case .query: answer(MessageIDList.decode(body) ?? [], index, turn: header.amount)
        case .waiting: lend(header.queue, to: index)
        case .fanout:
            guard services[header.queue] != nil, seen.insert(header.id, true) else { return }
            actions.append(.run(Delivery(header: header, body: body)))
        case .missed: actions.append(.missed(header.queue, header.amount))
        case .cancel: withdraw(header.id)
        case .ping: send(index, MessageHeader(.pong, id: header.id))
        case .drain:
            links[index].phase = .draining
            rehome()
        case .goodbye:
            links[index].close(now: now, random: &random)
            actions.append(.close(index))
            rehome()
        case .taken:
            for id in MessageIDList.decode(body) ?? [] where id.sender == instance {
                requests[id.counter]?.takenBy = header.amount
            }
        case .hello, .ready, .credit, .pong, .admin, .disclaim, .done, .span: break
        }
    }

    // MARK: Time

    private func tick() {
        for index in links.indices { keepAlive(index) }
        if now >= nextDeadline { expire() }
        takeBack()
        jobs.dropLate(now: now)
        retryRefused()
        reportProgress()
    }

    private func keepAlive(_ index: Int) {
        let link = links[index]
        switch link.phase {
        case .closed:
            guard now >= link.openAt, !isStopped else { return }
            links[index].phase = .connecting
            links[index].lastHeard = now
            actions.append(.open(index))
        case .connecting: break
        case .greeting, .ready, .draining:
            if now - link.lastHeard >= Self.silence {
                actions.append(.note("broker \(link.endpoint) is silent; connecting again"))
                links[index].close(now: now, random: &random)
                actions.append(.close(index))
                rehome()
            } else if now - max(link.lastSent, link.lastPing) >= 1_000
                || (now - link.lastHeard >= 1_000 && now - link.lastPing >= 500)
            {
                links[index].lastPing = now
                var ping = MessageHeader(.ping, id: nextID())
                // The progress of the dispatcher: what has ended, and what runs.
                ping.amount = jobs.ended
                ping.method = UInt16(clamping: jobs.running)
                send(index, ping)
            }
        }
    }

    func cancelEarly(_ counter: UInt64) {
        if earlyCancels.count > 1_000 { earlyCancels.removeAll() }
        earlyCancels.insert(counter)
    }

    func wasCancelled(_ counter: UInt64) -> Bool { earlyCancels.remove(counter) != nil }

    private func stop() {
        isStopped = true
        for id in jobs.live { actions.append(.cancelWork(id)) }
        for counter in requests.keys.sorted() where requests[counter]?.isAnswered == false {
            actions.append(.complete(counter, .failure(Self.closed)))
        }
        requests = [:]
        for index in links.indices {
            if links[index].isWelcome { send(index, MessageHeader(.goodbye, id: nextID())) }
            actions.append(.close(index))
        }
    }

    private func vanish() {
        isStopped = true
        requests = [:]
        for index in links.indices { actions.append(.close(index)) }
    }

    static let closed = NovaError(.unavailable, "The service is shutting down.", details: "queue client closed")
}
