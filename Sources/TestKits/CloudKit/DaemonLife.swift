#if DEBUG
import Synchronization

/// Whether a daemon of a test's process lives; whatever it does stops at its next fault point when it does not.
final class DaemonLife: Sendable {
    private enum Stage {
        case alive
        case frozen
        case dead
        /// The test is over: what stands still may go away.
        case buried
    }
    private struct State {
        var stage = Stage.alive
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())

    /// Returns while it lives; else stands still, until it is thawed (then returns) or buried (then throws).
    func pass() async throws {
        while true {
            let stage = state.withLock { $0.stage }
            if stage == .alive { return }
            if stage == .buried { throw CancellationError() }
            await withCheckedContinuation { continuation in
                let stands = state.withLock { state in
                    guard state.stage == .frozen || state.stage == .dead else { return false }
                    state.waiting.append(continuation)
                    return true
                }
                if !stands { continuation.resume() }
            }
        }
    }

    var isBuried: Bool { state.withLock { $0.stage == .buried } }

    func freeze() { move(to: .frozen, from: [.alive]) }
    func thaw() { move(to: .alive, from: [.frozen]) }
    func die() { move(to: .dead, from: [.alive, .frozen]) }
    func bury() { move(to: .buried, from: [.alive, .frozen, .dead]) }

    private func move(to stage: Stage, from stages: Set<Stage>) {
        let waiting = state.withLock { state in
            guard stages.contains(state.stage) else { return [CheckedContinuation<Void, Never>]() }
            state.stage = stage
            guard stage == .alive || stage == .buried else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
#endif
