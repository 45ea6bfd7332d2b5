import CZeroMQ
import NovaCore

/// libzmq's context: one per process, for `inproc` endpoints to find each other.
///
/// It lives as long as the process.
final class ZMQContext: Sendable {
    static let shared = ZMQContext()

    // libzmq's contexts may be used from all threads.
    private nonisolated(unsafe) let raw: UnsafeMutableRawPointer?

    private init() {
        raw = zmq_ctx_new()
        zmq_ctx_set(raw, ZMQ_MAX_SOCKETS, 16_000)
        zmq_ctx_set(raw, ZMQ_IO_THREADS, 1)
    }

    /// A new socket of a libzmq type.
    func socket(_ type: Int32) throws -> ZMQSocket {
        guard let socket = zmq_socket(raw, type) else { throw ZMQSocket.failure("zmq_socket") }
        return ZMQSocket(socket)
    }
}
