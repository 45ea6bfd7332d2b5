import CZeroMQ
import Glibc
import NovaCore

/// An eventfd: other threads end a loop's poll with it.
final class WakeDescriptor: Sendable {
    let fd: Int32

    init() throws {
        fd = nova_eventfd()
        guard fd >= 0 else {
            throw NovaError(.internal, "The queue could not start.", details: "eventfd: errno \(errno)")
        }
    }

    deinit { close(fd) }

    func signal() {
        var one: UInt64 = 1
        _ = write(fd, &one, 8)  // full means signalled already
    }

    func clear() {
        var value: UInt64 = 0
        _ = read(fd, &value, 8)
    }
}
