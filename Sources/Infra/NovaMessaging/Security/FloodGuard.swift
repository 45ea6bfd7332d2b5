import Glibc

/// Finds connections that send without end and never a whole message.
///
/// libzmq keeps the frames of a message until its last one has come, whatever the limits are: a peer that always says
/// "more" would fill the broker's memory. The kernel knows how much a connection has sent; no message of ours needs more
/// than the limit.
struct FloodGuard {
    /// Twice what one message may have, and something for encryption and heartbeats.
    static let limit = UInt64(2 * (MessageHeader.maximumBody + MessageHeader.maximumBytes) + 65_536)
    private static let descriptorLimit = 1 << 20

    private var received: [Int32: UInt64] = [:]
    private var hasSpoken: [Bool] = []
    private let count: (Int32) -> UInt64?

    /// - Parameter count: the bytes that a connection has received so far.
    init(count: @escaping (Int32) -> UInt64? = FloodGuard.bytesReceived) { self.count = count }

    mutating func opened(_ fd: Int32) {
        guard fd >= 0, fd < Self.descriptorLimit else { return }
        if Int(fd) >= hasSpoken.count {
            hasSpoken += [Bool](repeating: false, count: Int(fd) + 64 - hasSpoken.count)
        }
        hasSpoken[Int(fd)] = false
        received[fd] = 0
    }

    mutating func closed(_ fd: Int32) { received[fd] = nil }

    /// A whole message came over a connection.
    mutating func heard(_ fd: Int32) {
        guard fd >= 0, Int(fd) < hasSpoken.count else { return }
        hasSpoken[Int(fd)] = true
    }

    /// The connections that sent more than a message since their last one; each is told once.
    mutating func check() -> [Int32] {
        var found: [Int32] = []
        for (fd, before) in received {
            guard let now = count(fd) else { continue }
            if hasSpoken[Int(fd)] {
                hasSpoken[Int(fd)] = false
                received[fd] = now
            } else if now > before, now - before > Self.limit {
                found.append(fd)
                received[fd] = nil
            }
        }
        return found.sorted()
    }

    /// What the kernel has received for a tcp connection; nil for others.
    static func bytesReceived(_ fd: Int32) -> UInt64? {
        // struct tcp_info of linux/tcp.h, which the C library's header does not have whole.
        let offset = 128
        var info = [UInt8](repeating: 0, count: 256)
        var size = socklen_t(info.count)
        guard getsockopt(fd, Int32(IPPROTO_TCP), TCP_INFO, &info, &size) == 0, Int(size) >= offset + 8 else {
            return nil
        }
        return info.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
    }
}
