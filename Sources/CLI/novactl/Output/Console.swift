import Glibc

/// Standard output and standard error.
enum Console {
    /// Prints lines for whoever asked.
    static func write(_ text: String) { put(text, on: STDOUT_FILENO) }

    /// Prints what is no result: errors, progress, hints.
    static func complain(_ text: String) { put(text, on: STDERR_FILENO) }

    /// Whether somebody looks at standard output.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    private static func put(_ text: String, on descriptor: Int32) {
        var rest = Array((text.hasSuffix("\n") ? text : text + "\n").utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}
