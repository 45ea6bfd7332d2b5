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

    private let socket: BrokerSocket
    private let wake: WakeDescriptor
    private let log: Logger
    private let state: BrokerState
    private var frames: [[UInt8]] = []
    private var header = WireWriter(reserving: 256)
    private var work: Deque<BrokerAction> = []
    /// The connection's descriptor of each route, to find those that a disconnection may concern.
    private var descriptors: [Int32: PeerRoute] = [:]
    private var suspects: [PeerRoute: Int] = [:]
    private var nextTick: Int64 = 0
    /// The socket may hold messages that its descriptor no longer tells of.
    private var mustRead = true

    init(socket: BrokerSocket, wake: WakeDescriptor, limits: QueueLimits, log: Logger) {
        self.socket = socket
        self.wake = wake
        self.log = log
        state = BrokerState(
            limits: limits, boot: UInt64.random(in: 1...UInt64.max), now: MonotonicClock.milliseconds())
    }

    func run(until isStopping: borrowing Atomic<Bool>) {
        log.info("broker listens on \(socket.endpoints.joined(separator: " "))")
        var items = [
            pollfd(fd: socket.router.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: socket.monitor.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wake.fd, events: Int16(POLLIN), revents: 0),
        ]
        while !isStopping.load(ordering: .acquiring) {
            let wait = mustRead ? 0 : max(0, nextTick - MonotonicClock.milliseconds())
            let isReady = poll(&items, 3, Int32(clamping: wait)) > 0
            if isReady, items[1].revents != 0 { readMonitor() }
            if mustRead || isReady && items[0].revents != 0 { readMessages() }
            let now = MonotonicClock.milliseconds()
            if now >= nextTick {
                nextTick = now + Self.tickEvery
                mustRead = true
                probe()
                perform(state.handle(.tick, now: now))
            }
        }
        perform(state.handle(.stop, now: MonotonicClock.milliseconds()))
        socket.close()
        log.info("broker stopped")
    }

    private func readMessages() {
        var fd: Int32 = -1
        mustRead = true
        for _ in 0..<Self.batch {
            guard socket.router.receive(limit: 3, into: &frames, sourceFD: &fd) else {
                mustRead = false
                return
            }
            guard let route = Self.route(frames[0]) else {
                log.warning("a peer with a routing id of its own is ignored")
                continue
            }
            let now = MonotonicClock.milliseconds()
            guard frames.count == 3 else {
                perform(state.handle(.malformed(route), now: now))
                continue
            }
            do throws(WireError) {
                let header = try MessageHeader(decoding: frames[1])
                if header.kind == .hello, fd >= 0 { descriptors[fd] = route }
                perform(state.handle(.received(route, header, frames[2]), now: now))
            } catch {
                perform(state.handle(.malformed(route), now: now))
            }
        }
    }

    /// libzmq's own routing ids: a zero byte and a number.
    private static func route(_ id: [UInt8]) -> PeerRoute? {
        guard id.count == 5, id[0] == 0 else { return nil }
        return id.dropFirst().reduce(0) { $0 << 8 | PeerRoute($1) }
    }

    private func readMonitor() {
        while let (event, fd) = socket.monitor.monitorEvent() {
            guard event == ZMQ_EVENT_DISCONNECTED, let route = descriptors.removeValue(forKey: fd) else { continue }
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
        work.append(contentsOf: actions)
        while let action = work.popFirst() {
            switch action {
            case .note(let text): log.notice("\(text)")
            case .ignored(let route, let who):
                log.warning("connection \(route) (\(who)) is ignored: too many bad frames")
            case .send(let route, let header, let body):
                switch transmit(route, header, body) {
                case .sent: break
                case .full where header.kind == .fanout: log.warning("a slow subscriber missed a fanout message")
                case .full, .unreachable:
                    suspects[route] = nil
                    work.append(contentsOf: state.handle(.gone(route), now: MonotonicClock.milliseconds()))
                }
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
