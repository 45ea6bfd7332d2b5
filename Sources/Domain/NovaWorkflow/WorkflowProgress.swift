public import NovaCore
public import NovaStore

/// The rules of a workflow's progress, apart from all input and output.
public enum WorkflowProgress {
    /// What comes after something happened.
    public enum Next: Equatable, Sendable {
        case run(step: Int64)
        case undo(step: Int64)
        case finish(WorkflowRecord.State)
    }

    /// After a step ran well.
    public static func afterSuccess(of step: Int64, steps: Int) -> Next {
        step + 1 < Int64(steps) ? .run(step: step + 1) : .finish(.succeeded)
    }

    /// After a step was undone: the one before it, or the end, or a new start.
    public static func afterUndo(of step: Int64, restarts: Bool) -> Next {
        if step > 0 { return .undo(step: step - 1) }
        return restarts ? .run(step: 0) : .finish(.failed)
    }

    /// Whether a failed step is tried again: failures that may pass are, until the workflow's deadline.
    public static func shouldRetry(_ error: NovaError, now: Timestamp, createdAt: Timestamp, deadline: Duration) -> Bool
    {
        error.isTransient && now.microseconds - createdAt.microseconds < deadline.microseconds
    }

    /// The pause before attempt n + 1: 100 ms doubling to 10 s.
    public static func pause(afterAttempts attempts: Int64) -> Duration {
        .milliseconds(min(10_000, 100 << min(7, max(0, attempts - 1))))
    }
}
