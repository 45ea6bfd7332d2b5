import CZeroMQ
import NovaCore

/// A libzmq socket with the options that this system needs.
///
/// One thread uses it at a time.
final class ZMQSocket {
    /// What became of a frame that was to be sent without waiting.
    enum Outcome { case sent, full, unreachable }

    let raw: UnsafeMutableRawPointer
    /// Becomes readable when the socket may have something to do.
    ///
    /// One `poll` asks all of them, where `zmq_poll` makes calls for each socket. It tells of changes only: whoever read or
    /// sent must read until nothing is left before it waits again.
    let descriptor: Int32
    private var isOpen = true

    init(_ raw: UnsafeMutableRawPointer) {
        self.raw = raw
        var descriptor: Int32 = -1
        var size = 4
        // Without one (never, on an open socket) poll() passes it over, and the loops' ticks read it.
        descriptor = zmq_getsockopt(raw, ZMQ_FD, &descriptor, &size) == 0 ? descriptor : -1
        self.descriptor = descriptor
    }

    deinit { close() }

    func close() {
        guard isOpen else { return }
        isOpen = false
        zmq_close(raw)
    }

    static func failure(_ action: String) -> NovaError {
        let code = zmq_errno()
        return NovaError(
            .unavailable, "The message queue could not be reached.",
            details: "\(action): \(String(cString: zmq_strerror(code)))")
    }

    func set(_ option: Int32, _ value: Int32) throws {
        var value = value
        guard zmq_setsockopt(raw, option, &value, 4) == 0 else { throw Self.failure("option \(option)") }
    }

    func set(_ option: Int32, _ text: String) throws {
        guard zmq_setsockopt(raw, option, text, text.utf8.count) == 0 else { throw Self.failure("option \(option)") }
    }

    /// Bounds, and limits against peers that hang or flood.
    ///
    /// No ZMTP heartbeats: libzmq 4.3.4 aborts the process when one is due on a connection that has ended while its
    /// messages waited to be read (`!_io_error`, stream_engine_base.cpp). The kernel looks after the connection instead,
    /// and the envelope's PING after the process at its other end (`proto-spec/decisions/0009-no-zmtp-heartbeats.md`).
    func prepare() throws {
        try set(ZMQ_LINGER, 500)
        try set(ZMQ_SNDHWM, 100_000)
        try set(ZMQ_RCVHWM, 100_000)
        var largest = Int64(MessageHeader.maximumBody)
        guard zmq_setsockopt(raw, ZMQ_MAXMSGSIZE, &largest, 8) == 0 else { throw Self.failure("ZMQ_MAXMSGSIZE") }
        try set(ZMQ_TCP_KEEPALIVE, 1)
        try set(ZMQ_TCP_KEEPALIVE_IDLE, 2)
        try set(ZMQ_TCP_KEEPALIVE_INTVL, 1)
        try set(ZMQ_TCP_KEEPALIVE_CNT, 3)
        try set(ZMQ_TCP_MAXRT, 4_000)
        try set(ZMQ_HANDSHAKE_IVL, 5_000)
        try set(ZMQ_RECONNECT_IVL, 100)
        try set(ZMQ_RECONNECT_IVL_MAX, 2_000)
        try set(ZMQ_CONNECT_TIMEOUT, 5_000)
        try set(ZMQ_BACKLOG, 1_024)
        try set(ZMQ_IMMEDIATE, 1)
    }

    func bind(_ endpoint: String) throws {
        guard zmq_bind(raw, endpoint) == 0 else { throw Self.failure("bind \(endpoint)") }
    }

    func connect(_ endpoint: String) throws {
        guard zmq_connect(raw, endpoint) == 0 else { throw Self.failure("connect \(endpoint)") }
    }

    /// The endpoint that was bound last, with the port that the system chose.
    func lastEndpoint() -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        var size = buffer.count
        guard zmq_getsockopt(raw, ZMQ_LAST_ENDPOINT, &buffer, &size) == 0 else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Publishes the socket's connection events at an inproc endpoint, and returns the socket to read them from.
    ///
    /// To be called before the socket is bound or connected, or events are lost.
    func monitor(_ events: Int32, at endpoint: String) throws -> ZMQSocket {
        guard zmq_socket_monitor(raw, endpoint, events) == 0 else { throw Self.failure("monitor") }
        let pair = try ZMQContext.shared.socket(ZMQ_PAIR)
        try pair.set(ZMQ_LINGER, 0)
        try pair.connect(endpoint)
        // Its descriptor tells of events only after somebody has found none.
        _ = pair.monitorEvent()
        return pair
    }

    /// Reads one monitor event and its value; nil when there is none.
    func monitorEvent() -> (event: Int32, value: Int32)? {
        let frames = FrameBuffer(limit: 2)
        guard receive(into: frames), frames[0].count == 6 else { return nil }
        return (
            Int32(frames[0].loadUnaligned(fromByteOffset: 0, as: UInt16.self)),
            Int32(truncatingIfNeeded: frames[0].loadUnaligned(fromByteOffset: 2, as: UInt32.self))
        )
    }

    /// Sends one frame without waiting.
    func send(_ bytes: UnsafeRawBufferPointer, more: Bool) -> Outcome {
        while true {
            let code = zmq_send(raw, bytes.baseAddress, bytes.count, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0))
            if code >= 0 { return .sent }
            switch zmq_errno() {
            case EINTR: continue
            case EAGAIN: return .full
            default: return .unreachable
            }
        }
    }
}
