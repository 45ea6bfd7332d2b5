import Glibc
import NovaCore

/// Where lines go.
///
/// Each line is one `write`, so that lines of several threads and processes never mix.
final class LogSink: Sendable {
    private let descriptor: Int32
    private let owned: Bool

    /// Standard error.
    init() {
        descriptor = STDERR_FILENO
        owned = false
    }

    /// A file, created when missing, only ever appended to.
    init(file path: String) throws {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        owned = true
        guard descriptor >= 0 else {
            let cause = String(cString: strerror(errno))
            throw NovaError(.badRequest, "Cannot open the log file \(path): \(cause).")
        }
    }

    deinit {
        if owned, descriptor >= 0 { close(descriptor) }
    }

    func write(_ line: [UInt8]) {
        var rest = line[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return }  // nowhere left to tell it
            rest = rest.dropFirst(written)
        }
    }
}
