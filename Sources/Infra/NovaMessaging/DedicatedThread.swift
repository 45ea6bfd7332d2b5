import CZeroMQ
import Glibc
import NovaCore

/// A named thread of its own, for a loop that blocks in C.
enum DedicatedThread {
    private final class Entry {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Starts a thread that runs the body and ends.
    ///
    /// Names have at most 15 bytes.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws {
        var thread = pthread_t()
        let entry = Unmanaged.passRetained(
            Entry {
                nova_name_thread(name)
                body()
            })
        let code = pthread_create(
            &thread, nil,
            { raw in
                guard let raw else { return nil }
                Unmanaged<Entry>.fromOpaque(raw).takeRetainedValue().body()
                return nil
            }, entry.toOpaque())
        guard code == 0 else {
            entry.release()
            throw NovaError(.internal, "A thread could not be started.", details: "\(name): errno \(code)")
        }
        pthread_detach(thread)
    }
}
