import Glibc
import Synchronization

/// Ctrl-C, for commands that have a last word to say.
enum Interrupt {
    private static let pending = Atomic<Bool>(false)

    /// From now on the first Ctrl-C is only noted; the second one ends the process.
    static func watch() {
        // Made here: a signal handler must not be the first to ask for it.
        pending.store(false, ordering: .relaxed)
        signal(SIGINT) { _ in
            Interrupt.pending.store(true, ordering: .relaxed)
            signal(SIGINT, SIG_DFL)
        }
    }

    static var isPending: Bool { pending.load(ordering: .relaxed) }
}
