import CZeroMQ
import DequeModule
import NovaCore
import NovaWire
import Synchronization

/// The socket of a peer's connection to one broker, confined to the client thread.
final class LinkSocket {
    private static let counter = Atomic<Int>(0)

    let broker: BrokerAddress
    /// The socket may hold messages that its descriptor no longer tells of.
    var mustRead = true
    /// Where the socket stands in the list of those to poll; the monitor stands behind it.
    var firstItem = -1
    private(set) var socket: ZMQSocket?
    private(set) var monitor: ZMQSocket?
    /// What the monitor has told while messages were unread.
    var news: [Int32] = []
    private var backlog: Deque<(header: [UInt8], body: [UInt8])> = []
    private var writer = WireWriter(reserving: 256)

    init(_ broker: BrokerAddress) { self.broker = broker }

    /// libzmq tells of connections between processes only.
    var isInProcess: Bool { broker.endpoint.hasPrefix("inproc:") }

    func open() throws {
        close()
        let socket = try ZMQContext.shared.socket(ZMQ_DEALER)
        try socket.prepare()
        try broker.curve?.apply(to: socket)
        if !isInProcess {
            let number = Self.counter.add(1, ordering: .relaxed).newValue
            monitor = try socket.monitor(
                ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
                    | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL,
                at: "inproc://nova-client-monitor-\(number)")
        }
        try socket.connect(broker.endpoint)
        self.socket = socket
        mustRead = true
        firstItem = -1
    }

    func close() {
        backlog.removeAll()
        news = []
        if let socket, monitor != nil { zmq_socket_monitor(socket.raw, nil, 0) }
        monitor?.close()
        monitor = nil
        socket?.close()
        socket = nil
    }

    /// Sends now, or as soon as libzmq takes it.
    func send(_ header: MessageHeader, _ body: [UInt8]) {
        guard let socket else { return }
        // Sending may take the sign of a message that has come meanwhile.
        mustRead = true
        writer.removeAll()
        header.encode(to: &writer)
        guard backlog.isEmpty, writer.withUnsafeBytes({ Self.transmit($0, body, socket) }) else {
            backlog.append((writer.bytes, body))
            return
        }
    }

    func flush() {
        guard let socket, !backlog.isEmpty else { return }
        mustRead = true
        while let next = backlog.first, next.header.withUnsafeBytes({ Self.transmit($0, next.body, socket) }) {
            backlog.removeFirst()
        }
    }

    /// What was not sent over a connection that is lost is sent again by the rules.
    func forgetBacklog() { backlog.removeAll() }

    private static func transmit(_ header: UnsafeRawBufferPointer, _ body: [UInt8], _ socket: ZMQSocket) -> Bool {
        guard socket.send(header, more: true) == .sent else { return false }
        return body.withUnsafeBytes { socket.send($0, more: false) } == .sent
    }
}
