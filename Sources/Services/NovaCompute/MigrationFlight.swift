import NovaCore
import Synchronization

/// A live migration that this process does: whether its guest moves already, and whether it is to.
final class MigrationFlight: Sendable {
    private struct State {
        var isAborted = false
        var began: ContinuousClock.Instant?
    }
    private let state = Mutex(State())

    static let aborted = NovaError(.conflict, "The live migration was aborted.")

    /// The guest moves from now on.
    ///
    /// - Throws: ``aborted`` when it is not to any more.
    func begin() throws {
        try state.withLock { state in
            guard !state.isAborted else { throw Self.aborted }
            state.began = SteadyClock.now
        }
    }

    /// It is not wanted any more.
    ///
    /// - Returns: whether the guest moves, so that its hypervisor must be told.
    func abort() -> Bool {
        state.withLock { state in
            state.isAborted = true
            return state.began != nil
        }
    }

    var isAborted: Bool { state.withLock { $0.isAborted } }

    /// Since the guest began to move; nil before.
    var elapsed: Duration? { state.withLock { $0.began }.map { $0.duration(to: SteadyClock.now) } }
}
