import Glibc
import NovaCore

/// Tells the thread that watches a child to kill it.
final class CancelPipe: Sendable {
    private let readEnd: Int32
    private let writeEnd: Int32

    init(command: Command) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw NovaError(.unavailable, "The host has no free file descriptors.", details: command.name)
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// Becomes readable once cancelled.
    var descriptor: Int32 { readEnd }

    func cancel() {
        var byte: UInt8 = 1
        _ = write(writeEnd, &byte, 1)
    }
}
