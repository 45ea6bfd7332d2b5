import NovaCore

/// The rules of a workflow's progress, apart from all input and output.
public enum WorkflowProgress {
    /// Failures for good that an undoing, or a workflow that must finish, meets in one step before it is owed.
    public static let failureLimit: Int64 = 3

    /// What a failed attempt leads to.
    public enum Answer: Equatable, Sendable {
        case retry(after: Duration)
        /// The step has failed: undo.
        case fail
        /// The workflow's visible end has come, the rest is owed.
        case owe
    }

    /// A failed attempt, and what is known of those before it.
    public struct Failure: Sendable {
        public var isTransient: Bool
        /// Whether the step may fail for good, and be undone then.
        public var mayFail: Bool
        /// Failed attempts at the step, with this one.
        public var attempts: Int64
        /// Since the first of them began.
        public var stuck: Duration
        /// Since the workflow was accepted, and how long it may go on trying.
        public var age: Duration
        public var deadline: Duration
        /// Whether an operator has said that the host which it waits for is down.
        public var waitsForDownHost: Bool

        public init(
            isTransient: Bool, mayFail: Bool, attempts: Int64, stuck: Duration, age: Duration, deadline: Duration,
            waitsForDownHost: Bool = false
        ) {
            self.isTransient = isTransient
            self.mayFail = mayFail
            self.attempts = attempts
            self.stuck = stuck
            self.age = age
            self.deadline = deadline
            self.waitsForDownHost = waitsForDownHost
        }
    }

    /// What follows a failed attempt.
    public static func answer(to failure: Failure, times: WorkflowTimes) -> Answer {
        let pause = pause(first: times.pause, longest: times.pause * 100, attempts: failure.attempts)
        if failure.mayFail {
            return failure.isTransient && failure.age < failure.deadline ? .retry(after: pause) : .fail
        }
        if failure.isTransient {
            return failure.waitsForDownHost || failure.stuck >= times.patience ? .owe : .retry(after: pause)
        }
        return failure.attempts >= failureLimit ? .owe : .retry(after: pause)
    }

    /// The pause before the next try of an owed cleanup.
    public static func owedPause(attempts: Int64, times: WorkflowTimes) -> Duration {
        pause(first: times.owedPause, longest: times.longestOwedPause, attempts: attempts)
    }

    private static func pause(first: Duration, longest: Duration, attempts: Int64) -> Duration {
        min(longest, first * (1 << Int(max(1, min(17, attempts)) - 1)))
    }
}
