import CZeroMQ
import DequeModule
import NovaCore
import NovaWire
import Synchronization

/// A client's connection to one broker.
final class ClientLink {
    enum State {
        /// libzmq has no connection yet.
        case connecting
        /// HELLO is sent.
        case greeting
        case ready
    }

    private static let counter = Atomic<Int>(0)

    let endpoint: String
    var state = State.connecting
    /// The boot id of the broker that said WELCOME.
    var boot: UInt64 = 0
    /// Grows with each WELCOME: what was sent before may be lost.
    var epoch = 0
    var lastHeard: Int64
    var lastSent: Int64
    /// When the socket is made (again).
    var openAt: Int64
    var firstItem = -1
    /// The socket may hold messages that its descriptor no longer tells of.
    var mustRead = true
    private var failures = 0
    private(set) var socket: ZMQSocket?
    private(set) var monitor: ZMQSocket?
    private var backlog: Deque<(header: [UInt8], body: [UInt8])> = []
    private var writer = WireWriter(reserving: 256)

    init(endpoint: String, now: Int64) {
        self.endpoint = endpoint
        lastHeard = now
        lastSent = now
        openAt = now
    }

    var wantsToWrite: Bool { !backlog.isEmpty }
    var isInProcess: Bool { endpoint.hasPrefix("inproc:") }

    func open(now: Int64) throws {
        close()
        let socket = try ZMQContext.shared.socket(ZMQ_DEALER)
        try socket.prepare()
        if !isInProcess {
            let number = Self.counter.add(1, ordering: .relaxed).newValue
            monitor = try socket.monitor(ZMQ_EVENT_HANDSHAKE_SUCCEEDED, at: "inproc://nova-client-monitor-\(number)")
        }
        try socket.connect(endpoint)
        self.socket = socket
        state = .connecting
        mustRead = true
        lastHeard = now
        lastSent = now
    }

    func close() {
        backlog.removeAll()
        if let socket, monitor != nil { zmq_socket_monitor(socket.raw, nil, 0) }
        monitor?.close()
        monitor = nil
        socket?.close()
        socket = nil
        state = .connecting
    }

    /// Closes the socket and lets a new one be made after a while that grows with each failure, with jitter.
    func reopenLater(now: Int64) {
        close()
        failures = min(failures + 1, 6)
        let ceiling = Int64(100) << Int64(failures - 1)
        openAt = now + Int64.random(in: 50...min(ceiling, 2_000))
    }

    func welcomed(boot: UInt64) {
        self.boot = boot
        state = .ready
        epoch += 1
        failures = 0
    }

    /// Sends now, or as soon as libzmq takes it.
    func send(_ header: MessageHeader, _ body: [UInt8] = [], now: Int64) {
        guard let socket else { return }
        mustRead = true
        lastSent = now
        writer.removeAll()
        header.encode(to: &writer)
        guard backlog.isEmpty, writer.withUnsafeBytes({ Self.transmit($0, body, socket) }) else {
            backlog.append((writer.bytes, body))
            return
        }
    }

    func flush() {
        guard let socket, wantsToWrite else { return }
        mustRead = true
        while let next = backlog.first, next.header.withUnsafeBytes({ Self.transmit($0, next.body, socket) }) {
            backlog.removeFirst()
        }
    }

    func forgetBacklog() { backlog.removeAll() }

    private static func transmit(_ header: UnsafeRawBufferPointer, _ body: [UInt8], _ socket: ZMQSocket) -> Bool {
        guard socket.send(header, more: true) == .sent else { return false }
        return body.withUnsafeBytes { socket.send($0, more: false) } == .sent
    }
}
