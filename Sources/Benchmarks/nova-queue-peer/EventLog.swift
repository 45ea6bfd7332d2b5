import Glibc
import NovaCore

/// A file of lines, each of which begins with the milliseconds of the monotonic clock.
///
/// A line is one write to a file that is only appended to: it is there whole when the process is killed right after, and
/// all the host's processes share the clock.
struct EventLog: Sendable {
    private let descriptor: Int32

    init(path: String) throws {
        descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw NovaError(.badRequest, "The file \(path) cannot be written.") }
    }

    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    func write(_ text: String) {
        var line = "\(Self.now()) \(text)\n"
        // A test that cannot write its log sees that lines are missing.
        _ = line.withUTF8 { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}
