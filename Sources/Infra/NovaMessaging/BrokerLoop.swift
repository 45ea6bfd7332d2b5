import CZeroMQ
import DequeModule
import Glibc
import Logging
import NovaCore
import NovaWire
import Synchronization

/// Carries frames between a broker's socket and its rules, on one thread.
final class BrokerLoop {
    private static let batch = 500
    private static let tickEvery: Int64 = 50
    /// How long a broker that stops waits for what is in hand, in milliseconds.
    private static let drainLimit: Int64 = 5_000
    /// How long a broker that was asked to drain stays at least, in milliseconds.
    private static let farewell: Int64 = 200
    private static let standstill: Int64 = 1_000
    private static let floodEvery: Int64 = 500

    private let socket: BrokerSocket
    private let wake: WakeDescriptor
    private let log: Logger
    private let state: BrokerState
    private let frames = FrameBuffer(limit: 3)
    private var header = WireWriter(reserving: 256)
    private var work: Deque<BrokerAction> = []
    /// The connection of each route: to find the one that a disconnection may concern, and to cut one.
    private var connections = PeerConnections()
    private var gate: PeerGate
    private var refusals = RefusalLog()
    private var flood = FloodGuard()
    private var nextFlood: Int64 = 0
    private var suspects: [PeerRoute: Int] = [:]
    private var nextTick: Int64 = 0
    /// The socket may hold messages that its descriptor no longer tells of.
    private var mustRead = true
    private let publish: (BrokerStatistics) -> Void
    private var nextStatistics: Int64 = 0

    /// `publish` is given the figures each second.
    init(
        socket: BrokerSocket, wake: WakeDescriptor, authorized: AuthorizedKeysFile?, limits: QueueLimits,
        roles: RoleTable, log: Logger, publish: @escaping (BrokerStatistics) -> Void
    ) {
        self.socket = socket
        self.wake = wake
        self.log = log
        gate = PeerGate(keys: authorized)
        self.publish = publish
        state = BrokerState(
            limits: limits, boot: UInt64.random(in: 1...UInt64.max), now: MonotonicClock.milliseconds(), roles: roles)
    }

    func run(until isStopping: borrowing Atomic<Bool>, killed isKilled: borrowing Atomic<Bool>) {
        log.info("broker listens on \(socket.endpoints.joined(separator: " "))")
        var items = [
            pollfd(fd: socket.router.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: socket.monitor.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wake.fd, events: Int16(POLLIN), revents: 0),
        ]
        var endAt: Int64?
        while !isKilled.load(ordering: .acquiring) {
            if isStopping.load(ordering: .acquiring) || state.isDraining {
                // What is in hand may end; what waits goes to other brokers.
                let now = MonotonicClock.milliseconds()
                if endAt == nil { perform(state.handle(.drain, now: now)) }
                let end = endAt ?? now + Self.drainLimit
                endAt = end
                // The one who asked for it, and all that go elsewhere, are to hear of it first.
                let isHeard = isStopping.load(ordering: .acquiring) || now >= end - Self.drainLimit + Self.farewell
                if state.isIdle && isHeard || now >= end { break }
            }
            let wait = mustRead ? 0 : max(0, nextTick - MonotonicClock.milliseconds())
            let isReady = MonotonicClock.poll(&items, atMost: wait, wake: wake) > 0
            if isReady, items[1].revents != 0 { readMonitor() }
            // What has come while this process stood still may be old: peers that have given up are gone before it is read.
            let woken = MonotonicClock.milliseconds()
            if woken - nextTick >= Self.standstill { perform(state.handle(.tick, now: woken)) }
            if isReady, items[2].revents != 0 { wake.clear() }
            if mustRead || isReady && items[0].revents != 0 { readMessages() }
            let now = MonotonicClock.milliseconds()
            if now >= nextTick {
                nextTick = now + Self.tickEvery
                mustRead = true
                probe()
                cutRevoked()
                if now >= nextFlood { cutEndless(now) }
                perform(state.handle(.tick, now: now))
                report(now)
            }
            perform(state.flush(now: now))
        }
        if !isKilled.load(ordering: .acquiring) { perform(state.handle(.stop, now: MonotonicClock.milliseconds())) }
        socket.close()
        log.info("broker stopped")
    }

    private func report(_ now: Int64) {
        guard now >= nextStatistics else { return }
        nextStatistics = now + 1_000
        publish(
            BrokerStatistics(
                queues: state.queueStatuses(), peers: state.peerStatuses(), methods: state.methodStatuses()))
    }

    private func readMessages() {
        mustRead = true
        for _ in 0..<Self.batch {
            guard socket.router.receive(into: frames) else {
                mustRead = false
                // What this sends may take the sign of a message that has come meanwhile: it is looked for once more.
                perform(state.flush(now: MonotonicClock.milliseconds()))
                guard mustRead else { return }
                continue
            }
            let fd = frames.sourceFD
            flood.heard(fd)
            guard let route = Self.route(frames[0]) else {
                tellRefusal("a peer with a routing id of its own is ignored")
                continue
            }
            guard !gate.isShut(route) else { continue }
            let now = MonotonicClock.milliseconds()
            do throws(WireError) {
                guard frames.count == 3 else { throw .badValue }
                let header = try MessageHeader(decoding: frames[1])
                if header.kind == .hello {
                    greet(route, header, userID: frames.property("User-Id"), fd: fd, now: now)
                } else {
                    perform(state.handle(.received(route, header, frames.bytes(2)), now: now))
                }
            } catch {
                connections.note(route, fd: fd)
                perform(state.handle(.malformed(route), now: now))
            }
        }
    }

    /// A HELLO goes on under the name that its connection's key has.
    private func greet(_ route: PeerRoute, _ header: MessageHeader, userID: String?, fd: Int32, now: Int64) {
        connections.note(route, fd: fd)
        switch gate.hello(route, claims: header.principal, userID: userID) {
        case .admitted(let name):
            var header = header
            header.principal = name
            perform(state.handle(.received(route, header, frames.bytes(2)), now: now))
        case .refused(let cause):
            tellRefusal("a HELLO of connection \(route) is refused: \(cause)")
            perform(state.handle(.malformed(route), now: now))
        }
    }

    /// Writes a refusal into the log, unless there are too many of them.
    private func tellRefusal(_ text: String) {
        guard let kept = refusals.next(now: MonotonicClock.milliseconds()) else { return }
        log.warning("\(text)\(kept > 0 ? " (and \(kept) more before)" : "")")
    }

    /// The connections of keys that were revoked are closed, and what they have sent already is not heard.
    private func cutRevoked() {
        for (route, name) in gate.revoked() {
            log.notice("connection \(route) of \(name) is closed: its key is revoked")
            perform([.send(route, MessageHeader(.goodbye, id: MessageID(sender: state.boot, counter: 0)), [])])
            perform(state.handle(.gone(route), now: MonotonicClock.milliseconds()))
            connections.cut(route)
        }
    }

    /// Connections that send a message without end are closed: only that frees the memory it takes.
    private func cutEndless(_ now: Int64) {
        nextFlood = now + Self.floodEvery
        for fd in flood.check() {
            let route = connections.route(of: fd)
            log.warning("connection \(route.map { "\($0)" } ?? "without a HELLO") sends without end and is closed")
            shutdown(fd, Int32(SHUT_RDWR))
        }
    }

    /// libzmq's own routing ids: a zero byte and a number.
    private static func route(_ id: UnsafeRawBufferPointer) -> PeerRoute? {
        guard id.count == 5, id[0] == 0 else { return nil }
        return PeerRoute(bigEndian: id.loadUnaligned(fromByteOffset: 1, as: PeerRoute.self))
    }

    private func readMonitor() {
        while let (event, fd) = socket.monitor.monitorEvent() {
            if event == ZMQ_EVENT_ACCEPTED { flood.opened(fd) }
            guard event == ZMQ_EVENT_DISCONNECTED else { continue }
            flood.closed(fd)
            guard let route = connections.closed(fd) else { continue }
            gate.forget(route)
            // The number may belong to a new connection already: only a send tells.
            suspects[route] = 10
            nextTick = min(nextTick, MonotonicClock.milliseconds() + 5)
        }
    }

    /// Asks connections that may be closed for a sign: a closed one is known by the failing send.
    private func probe() {
        for (route, rounds) in suspects {
            suspects[route] = rounds > 1 ? rounds - 1 : nil
            perform([.send(route, MessageHeader(.ping, id: MessageID(sender: state.boot, counter: 0)), [])])
        }
    }

    private func perform(_ actions: [BrokerAction]) {
        for action in actions { carryOut(action) }
        // What follows from sends that failed.
        while let action = work.popFirst() { carryOut(action) }
    }

    private func carryOut(_ action: BrokerAction) {
        switch action {
        case .note(let text): log.notice("\(text)")
        case .ignored(let route, let who):
            log.warning("connection \(route) (\(who)) is ignored: too many bad frames")
            gate.shut(route)
            connections.cut(route)
        case .send(let route, let header, let body):
            switch transmit(route, header, body) {
            case .sent: break
            case .full where header.kind == .fanout:
                work.append(contentsOf: state.handle(.missed(route, header.queue), now: MonotonicClock.milliseconds()))
            case .full, .unreachable:
                suspects[route] = nil
                work.append(contentsOf: state.handle(.gone(route), now: MonotonicClock.milliseconds()))
            }
        }
    }

    private func transmit(_ route: PeerRoute, _ header: MessageHeader, _ body: [UInt8]) -> ZMQSocket.Outcome {
        mustRead = true
        var id: (UInt8, UInt8, UInt8, UInt8, UInt8) = (
            0, UInt8(truncatingIfNeeded: route >> 24), UInt8(truncatingIfNeeded: route >> 16),
            UInt8(truncatingIfNeeded: route >> 8), UInt8(truncatingIfNeeded: route)
        )
        let first = withUnsafeBytes(of: &id) { socket.router.send($0, more: true) }
        guard first == .sent else { return first }
        self.header.removeAll()
        header.encode(to: &self.header)
        _ = self.header.withUnsafeBytes { socket.router.send($0, more: true) }
        return body.withUnsafeBytes { socket.router.send($0, more: false) }
    }
}
