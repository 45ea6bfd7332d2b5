import Glibc
import NovaCore

/// Starts named threads for calls that block: SQLite's never run on the cooperative pool.
enum DatabaseThread {
    /// Runs a body on a thread of its own; names are cut to 15 bytes, the kernel's limit.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws {
        let start = Unmanaged.passRetained(ThreadStart(name: String(name.prefix(15)), body: body))
        var thread: pthread_t = 0
        let code = pthread_create(&thread, nil, threadEntry, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw NovaError(.unavailable, "A thread could not be started.", details: String(cString: strerror(code)))
        }
        pthread_detach(thread)
    }
}

/// What a new thread is told.
private final class ThreadStart: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }

    func run() {
        setName()
        body()
    }

    /// Names the calling thread through /proc, as Glibc's own function is hidden behind a feature macro.
    ///
    /// A thread without a name works as well, so a failure is ignored.
    private func setName() {
        let descriptor = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = Array(name.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
    }
}

private func threadEntry(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue().run()
    return nil
}
