import Glibc

/// A process that does nothing but take down what a guest prints on its console.
///
/// It goes on while the compute service is restarted, and ends when the guest's end of the terminal is closed. Until it
/// reads the kernel keeps the text, so that nothing is lost or read twice when one reader follows another.
public enum ConsoleReader {
    /// The most that one file of a log holds; as virtlogd's default.
    public static let limit = 2 << 20

    /// The program: `nova-console-log LOG LIFE`, with the terminal as its standard input.
    ///
    /// - Returns: its exit status.
    public static func run(_ arguments: [String]) -> Int32 {
        guard arguments.count == 3, arguments[1].hasPrefix("/") else { return 2 }
        let path = arguments[1]
        for signal in [SIGHUP, SIGINT, SIGPIPE] { Glibc.signal(signal, SIG_IGN) }
        detachOutput()
        guard let lock = ConsoleLock.take(ConsoleLock.path(of: path), for: arguments[2]) else { return 0 }
        makeRaw(STDIN_FILENO)
        var log = BoundedLog(path, limit: limit)
        copy(from: STDIN_FILENO, to: &log)
        _ = consume lock
        return 0
    }

    /// Copies until the other end of the terminal is closed.
    static func copy(from terminal: Int32, to log: inout BoundedLog) {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(terminal, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            log.append(buffer[..<count])
        }
    }

    /// Bytes as they come: no lines are waited for, nothing is echoed to the guest.
    private static func makeRaw(_ terminal: Int32) {
        var settings = termios()
        guard tcgetattr(terminal, &settings) == 0 else { return }
        cfmakeraw(&settings)
        tcsetattr(terminal, TCSANOW, &settings)
    }

    /// Whoever started it does not wait for its output.
    private static func detachOutput() {
        let null = open("/dev/null", O_WRONLY)
        guard null >= 0 else { return }
        dup2(null, STDOUT_FILENO)
        dup2(null, STDERR_FILENO)
        if null > STDERR_FILENO { close(null) }
    }
}
