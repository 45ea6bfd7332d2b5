import Synchronization

/// Wakes a background task: signals are remembered, so none is lost, and many become one.
///
/// One task waits at a time; an older wait ends when a newer one begins.
public final class WakeUp: Sendable {
    private struct State {
        var isSignalled = false
        /// Tells apart the wait that a late timer or cancellation belongs to.
        var turn: UInt64 = 0
        /// The newest wait whose time was over before it had begun to wait.
        var endedTurn: UInt64 = 0
        var waiting: CheckedContinuation<Void, Never>?
    }
    private let state = Mutex(State())

    public init() {}

    /// Asks for one more round.
    public func signal() {
        let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard let waiting = state.waiting else {
                state.isSignalled = true
                return nil
            }
            state.waiting = nil
            return waiting
        }
        waiting?.resume()
    }

    /// Waits for a signal or until the time has passed; returns at once when the task is cancelled.
    public func wait(atMost limit: Duration) async {
        let (turn, older) = state.withLock { state in
            state.turn += 1
            defer { state.waiting = nil }
            return (state.turn, state.waiting)
        }
        older?.resume()
        let timer = Task {
            try? await SteadyClock.sleep(for: limit)  // Ends early only when this wait is over.
            self.end(turn)
        }
        defer { timer.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    guard !state.isSignalled, !Task.isCancelled, state.turn == turn, state.endedTurn < turn else {
                        state.isSignalled = false
                        return true
                    }
                    state.waiting = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            end(turn)
        }
    }

    /// Ends a wait that is still the current one.
    private func end(_ turn: UInt64) {
        let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.turn == turn else { return nil }
            state.endedTurn = turn
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }
}
