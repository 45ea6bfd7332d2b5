import CZeroMQ
import Glibc
import Logging
import NovaCore
import NovaWire

/// Carries messages between one client's sockets, its rules and the tasks that wait, confined to the client thread.
final class ClientSession {
    private let state: ClientState
    private let log: Logger
    private let sockets: [LinkSocket]
    /// The links whose brokers let us not in.
    private var refusing: Set<Int> = []
    private var requests: [UInt64: CheckedContinuation<[UInt8], any Error>] = [:]
    private var handlers: [QueueName: QueueHandlers] = [:]
    private var cancels: [MessageID: @Sendable () -> Void] = [:]
    private var serving: [QueueName: (deadline: Int64, done: CheckedContinuation<Bool, Never>)] = [:]
    private var readyWaiters: [(deadline: Int64, done: CheckedContinuation<Bool, Never>)] = []
    private var closing: (deadline: Int64, done: CheckedContinuation<Void, Never>)?
    private var isDrained = false
    private(set) var isClosed = false
    var watch: ConnectionWatch?
    private var connection = QueueConnection.lost
    private let frames = FrameBuffer(limit: 2)

    init(_ settings: ClientSettings, instance: UInt64, now: Int64) {
        log = settings.log
        sockets = settings.brokers.map { LinkSocket($0) }
        state = ClientState(
            instance: instance, endpoints: settings.brokers.map(\.endpoint), name: settings.name,
            seed: instance, now: now)
        perform(state.handle(.tick, now: now), now: now)
    }

    // MARK: The loop

    /// Adds the sockets to poll; answers when the session wants to run at the latest.
    func prepare(_ items: inout [pollfd], now: Int64) -> Int64 {
        var until = min(state.nextTick, soonest)
        for socket in sockets {
            socket.firstItem = -1
            guard let descriptor = socket.socket?.descriptor else { continue }
            socket.firstItem = items.count
            if socket.mustRead { until = now }
            items.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
            if let monitor = socket.monitor {
                items.append(pollfd(fd: monitor.descriptor, events: Int16(POLLIN), revents: 0))
            }
        }
        return max(now, until)
    }

    /// Whether the thread that sleeps until a time has nothing to do before, and knows all sockets.
    func isQuiet(until: Int64, now: Int64) -> Bool {
        min(state.nextTick, soonest) >= until
            && sockets.allSatisfy { $0.socket == nil || $0.firstItem >= 0 && !$0.mustRead }
    }

    private var soonest: Int64 {
        var soonest = closing?.deadline ?? Int64.max
        for waiter in serving.values { soonest = min(soonest, waiter.deadline) }
        for waiter in readyWaiters { soonest = min(soonest, waiter.deadline) }
        return soonest
    }

    /// Reads what has come; from every socket, whatever its descriptor says, when `all` is true.
    ///
    /// `age` is how long it may have lain here because the process stood still, in milliseconds.
    func read(_ items: [pollfd], all: Bool, age: Int64, now: Int64) {
        for (index, socket) in sockets.enumerated() {
            let at = socket.firstItem
            guard at >= 0, at < items.count, socket.socket != nil else { continue }
            if socket.monitor != nil, at + 1 < items.count, all || items[at + 1].revents != 0 {
                while let (event, _) = socket.monitor?.monitorEvent() { socket.news.append(event) }
            }
            // What came before the end of a connection counts before it.
            if !socket.news.isEmpty { socket.mustRead = true }
            guard all || socket.mustRead || items[at].revents != 0 else { continue }
            receive(socket, index, age: age, now: now)
        }
    }

    private func receive(_ socket: LinkSocket, _ index: Int, age: Int64, now: Int64) {
        socket.flush()
        socket.mustRead = true
        for _ in 0..<1_000 {
            guard let raw = socket.socket, raw.receive(into: frames) else {
                socket.mustRead = false
                break
            }
            guard frames.count == 2, let header = try? MessageHeader(decoding: frames[0]) else {
                // A broker that sends garbage is no broker of ours.
                log.warning("a malformed message from \(socket.broker.endpoint) was dropped")
                continue
            }
            perform(state.handle(.received(index, header, frames.bytes(1), age: age), now: now), now: now)
        }
        guard !socket.mustRead, !socket.news.isEmpty else { return }
        let news = socket.news
        socket.news = []
        for event in news { note(event, socket, index, now: now) }
    }

    private func note(_ event: Int32, _ socket: LinkSocket, _ index: Int, now: Int64) {
        switch event {
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
            refusing.remove(index)
            socket.forgetBacklog()
            perform(state.handle(.connected(index), now: now), now: now)
        case ZMQ_EVENT_DISCONNECTED:
            socket.forgetBacklog()
            perform(state.handle(.disconnected(index), now: now), now: now)
        default:
            if refusing.insert(index).inserted {
                log.warning(
                    """
                    broker \(socket.broker.endpoint) refuses the connection: this process's key is not authorized there, \
                    or the broker's key in [queue] brokers is wrong (novactl queue authorize); trying on
                    """)
            }
            guard event != ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL else { return }
            // libzmq gives such a connection up; the key may be authorized later.
            socket.close()
            perform(state.handle(.failed(index), now: now), now: now)
        }
    }

    /// Lets time pass, and sends what was put together.
    func tick(now: Int64) {
        perform(state.handle(.tick, now: now), now: now)
        perform(state.flush(now: now), now: now)
        // Sending may have taken the sign of messages: looked for here, they need no turn of their own.
        for (index, socket) in sockets.enumerated() where socket.mustRead && socket.socket != nil {
            receive(socket, index, age: 0, now: now)
        }
        perform(state.flush(now: now), now: now)
        for (queue, waiter) in serving where waiter.deadline <= now {
            serving[queue] = nil
            waiter.done.resume(returning: false)
        }
        for waiter in readyWaiters where waiter.deadline <= now { waiter.done.resume(returning: false) }
        readyWaiters.removeAll { $0.deadline <= now }
        watch?.note(connection)
        if let closing, isDrained || now >= closing.deadline { finish(closing.done, now: now) }
    }

    private func perform(_ actions: [ClientAction], now: Int64) {
        for action in actions {
            switch action {
            case .open(let index): open(index, now: now)
            case .close(let index): sockets[index].close()
            case .send(let index, let header, let body): sockets[index].send(header, body)
            case .complete(let counter, let result):
                requests.removeValue(forKey: counter)?.resume(with: result.mapError { $0 as any Error })
            case .served(let queue): serving.removeValue(forKey: queue)?.done.resume(returning: true)
            case .run(let delivery): run(delivery)
            case .cancelWork(let id): cancels[id]?()
            case .missed(let queue, let count): handlers[queue]?.missed(count)
            case .connection(let connection):
                self.connection = connection
                guard connection != .lost else { break }
                for waiter in readyWaiters { waiter.done.resume(returning: true) }
                readyWaiters = []
            case .drained: isDrained = true
            case .note(let text): log.warning("\(text)")
            }
        }
    }

    private func open(_ index: Int, now: Int64) {
        let socket = sockets[index]
        do {
            try socket.open()
            if socket.isInProcess { perform(state.handle(.connected(index), now: now), now: now) }
        } catch {
            log.error("queue connection to \(socket.broker.endpoint) failed: \(NovaError(error))")
            socket.close()
            perform(state.handle(.failed(index), now: now), now: now)
        }
    }

    private func run(_ delivery: Delivery) {
        guard let handler = handlers[delivery.header.queue] else { return }
        let cancel = handler.run(delivery)
        if delivery.header.kind != .fanout { cancels[delivery.header.id] = cancel }
    }

    // MARK: Commands

    func awaitReady(deadline: Int64, done: CheckedContinuation<Bool, Never>) {
        guard connection == .lost else { return done.resume(returning: true) }
        readyWaiters.append((deadline, done))
    }

    func submit(_ request: ClientRequest, done: CheckedContinuation<[UInt8], any Error>, now: Int64) {
        requests[request.header.id.counter] = done
        perform(state.handle(.submit(request), now: now), now: now)
    }

    func cancel(_ counter: UInt64, now: Int64) { perform(state.handle(.cancel(counter), now: now), now: now) }

    func tell(_ header: MessageHeader, now: Int64) { perform(state.handle(.tell(header), now: now), now: now) }

    func serve(
        _ service: ClientService, _ handlers: QueueHandlers, deadline: Int64, done: CheckedContinuation<Bool, Never>,
        now: Int64
    ) {
        self.handlers[service.queue] = handlers
        serving.updateValue((deadline, done), forKey: service.queue)?.done.resume(returning: false)
        perform(state.handle(.serve(service), now: now), now: now)
    }

    func settle(_ id: MessageID, _ kind: MessageKind, _ body: [UInt8], now: Int64) {
        cancels[id] = nil
        perform(state.handle(.settle(id, kind, body), now: now), now: now)
    }

    // MARK: End

    /// Takes no more work and ends when what runs is done, or at the deadline.
    func close(deadline: Int64, done: CheckedContinuation<Void, Never>, now: Int64) {
        guard closing == nil else { return done.resume() }
        closing = (deadline, done)
        perform(state.handle(.drain, now: now), now: now)
    }

    /// Ends at once, as if the process had been killed.
    func vanish(_ done: CheckedContinuation<Void, Never>, now: Int64) {
        perform(state.handle(.vanish, now: now), now: now)
        end(done)
    }

    private func finish(_ done: CheckedContinuation<Void, Never>, now: Int64) {
        perform(state.flush(now: now), now: now)
        perform(state.handle(.stop, now: now), now: now)
        end(done)
    }

    private func end(_ done: CheckedContinuation<Void, Never>) {
        isClosed = true
        for waiter in serving.values { waiter.done.resume(returning: false) }
        for waiter in readyWaiters { waiter.done.resume(returning: false) }
        for request in requests.values { request.resume(throwing: ClientState.closed) }
        serving = [:]
        readyWaiters = []
        requests = [:]
        done.resume()
    }
}
