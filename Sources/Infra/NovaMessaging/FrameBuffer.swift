import CZeroMQ
import Glibc

/// The frames of the message that a socket read last, where libzmq has put them.
///
/// Made once and used for every message, so that reading one allocates nothing. One thread uses it at a time.
final class FrameBuffer {
    /// The most frames that are kept of a message.
    let limit: Int
    /// How many frames the message had; one more than the limit when there were more than that.
    fileprivate(set) var count = 0
    /// One more than are kept: frames that are too many go there.
    private let frames: UnsafeMutablePointer<zmq_msg_t>

    init(limit: Int) {
        self.limit = limit
        frames = .allocate(capacity: limit + 1)
        for index in 0...limit {
            (frames + index).initialize(to: zmq_msg_t())
            zmq_msg_init(frames + index)
        }
    }

    deinit {
        for index in 0...limit { zmq_msg_close(frames + index) }
        frames.deallocate()
    }

    /// Where the next frame of a message goes.
    fileprivate var place: UnsafeMutablePointer<zmq_msg_t> { frames + min(count, limit) }

    /// A frame's bytes, good until the next message is read; empty beyond the message's end.
    subscript(index: Int) -> UnsafeRawBufferPointer {
        guard index >= 0, index < min(count, limit) else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: zmq_msg_data(frames + index), count: zmq_msg_size(frames + index))
    }

    /// A copy of a frame's bytes.
    func bytes(_ index: Int) -> [UInt8] { [UInt8](self[index]) }

    /// The descriptor of the connection that the message came over.
    var sourceFD: Int32 { zmq_msg_get(last, ZMQ_SRCFD) }

    /// A text property of the message; "User-Id" is what the ZAP handler said of the connection.
    func property(_ name: String) -> String? { zmq_msg_gets(last, name).map { String(cString: $0) } }

    private var last: UnsafeMutablePointer<zmq_msg_t> { frames + min(max(0, count - 1), limit) }
}

extension ZMQSocket {
    /// Reads one whole message without waiting; false when none waits.
    func receive(into buffer: FrameBuffer) -> Bool {
        buffer.count = 0
        while true {
            let place = buffer.place
            guard zmq_msg_recv(place, raw, ZMQ_DONTWAIT) >= 0 else {
                if zmq_errno() == EINTR { continue }
                buffer.count = 0
                return false
            }
            buffer.count = min(buffer.count + 1, buffer.limit + 1)
            guard zmq_msg_more(place) != 0 else { return true }
        }
    }
    /// Reads one whole message without waiting, and copies its first frames; false when none waits.
    ///
    /// Frames beyond the limit are told by an empty last one.
    func receive(limit: Int, into frames: inout [[UInt8]]) -> Bool {
        let buffer = FrameBuffer(limit: limit)
        let isThere = receive(into: buffer)
        frames = (0..<buffer.count).map { buffer.bytes($0) }
        return isThere
    }
}
