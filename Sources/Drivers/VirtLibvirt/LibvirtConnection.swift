import CLibvirt
import Logging
import NovaCore
import NovaProcess
import Synchronization

/// The connection to libvirtd: opened when needed, opened anew when libvirtd was restarted.
///
/// All calls run on threads of our own, each with a deadline. Pointers of libvirt never leave the closures given to
/// ``run(_:_:)``.
final class LibvirtConnection: Sendable {
    /// An open connection; unchecked, as libvirt's connections may be used from several threads at a time.
    private final class Handle: @unchecked Sendable {
        let pointer: OpaquePointer
        init(_ pointer: OpaquePointer) { self.pointer = pointer }
        deinit { virConnectClose(pointer) }
    }
    private struct State {
        var handle: Handle?
        var isClosed = false
    }

    private let options: LibvirtOptions
    private let threads: WorkerThreads
    /// For calls that last as long as a live migration.
    private let longThreads: WorkerThreads
    private let log: Logger
    private let events: LibvirtEventSink
    private let state = Mutex(State())

    init(_ options: LibvirtOptions, events: LibvirtEventSink, log: Logger) {
        self.options = options
        self.events = events
        self.log = log
        threads = WorkerThreads(name: "libvirt", count: options.threads)
        longThreads = WorkerThreads(name: "libvirt-long", count: options.migrations)
        LibvirtEventLoop.start()
    }

    /// Runs calls of libvirt on a thread of the pool.
    ///
    /// When the connection is found broken afterwards, the body runs once more on a new one: bodies are repeatable.
    ///
    /// - Parameter limit: the time for all calls of the body; nil takes the usual one.
    /// - Throws: ``NovaError``: `hypervisor` with libvirt's words, `unavailable` without libvirtd, `timeout`.
    func run<T: Sendable>(
        _ action: String, within limit: Duration? = nil,
        _ body: @escaping @Sendable (_ connection: OpaquePointer) throws -> T
    ) async throws -> T {
        try await run(on: threads, action, within: limit ?? options.callTimeout, body)
    }

    /// Runs calls that may last for hours, on threads that others do not wait for.
    func runLong<T: Sendable>(
        _ action: String, within limit: Duration,
        _ body: @escaping @Sendable (_ connection: OpaquePointer) throws -> T
    ) async throws -> T {
        try await run(on: longThreads, action, within: limit, body)
    }

    private func run<T: Sendable>(
        on threads: WorkerThreads, _ action: String, within limit: Duration,
        _ body: @escaping @Sendable (_ connection: OpaquePointer) throws -> T
    ) async throws -> T {
        try await threads.run(within: limit, "libvirt: \(action)") { [self] in
            let handle = try opened()
            do {
                return try body(handle.pointer)
            } catch let error as LibvirtError {
                guard virConnectIsAlive(handle.pointer) != 1 else { throw error.novaError(action) }
                log.warning(
                    "the connection to libvirtd broke, connecting again", metadata: ["cause": "\(error.message)"])
                drop(handle)
                let fresh = try opened()
                do {
                    return try body(fresh.pointer)
                } catch let error as LibvirtError {
                    throw error.novaError(action)
                }
            }
        }
    }

    func close() {
        state.withLock { state in
            state.isClosed = true
            state.handle = nil
        }
    }

    private func drop(_ broken: Handle) {
        state.withLock { if $0.handle === broken { $0.handle = nil } }
    }

    /// The open connection; blocks its thread, and others that come meanwhile, until libvirtd has answered.
    private func opened() throws -> Handle {
        try state.withLock { state in
            guard !state.isClosed else { throw NovaError(.unavailable, "The compute service is stopping.") }
            if let handle = state.handle { return handle }
            guard let pointer = virConnectOpen(options.uri) else {
                let error = LibvirtError.last()
                throw NovaError(
                    .unavailable, "The hypervisor of the compute host cannot be reached.",
                    details: "\(options.uri): \(error.message); is libvirtd running?")
            }
            let handle = Handle(pointer)
            // Drivers inside our process know no keepalive: that is no error.
            _ = virConnectSetKeepAlive(pointer, 5, 3)
            if events.register(on: pointer) < 0 {
                log.warning("libvirt gives no events", metadata: ["cause": "\(LibvirtError.last().message)"])
            }
            state.handle = handle
            log.info("connected to libvirt", metadata: ["uri": "\(options.uri)"])
            return handle
        }
    }
}
