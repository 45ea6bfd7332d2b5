public import NovaCore
public import NovaDatabase
public import NovaModel
public import NovaStore
public import NovaWire

/// A long action as named steps, each with a way back; its state is a record (`design/architecture.md` 3.4).
///
/// Both `run` and `undo` of a step are idempotent: after a crash a conductor repeats the step that it finds begun.
public struct Workflow<State: Record>: Sendable {
    /// The name under which it stands in the database; never changed.
    public let kind: String
    public let steps: [Step]
    /// From acceptance to giving up on failures that might pass: then the workflow is undone.
    public let deadline: Duration
    /// What another conductor does with it when the one that ran it has died.
    public let afterCrash: CrashPolicy
    /// Says, before each step, whether the workflow should stop and undo: its server is being deleted, say.
    public let stopReason: @Sendable (Connection, State) throws -> NovaError?
    /// In the transaction that ends the workflow well.
    public let succeeded: @Sendable (Connection, inout State, WorkflowRecord) throws -> Void
    /// In the transaction in which the first failure is known: the server's visible state is right at once,
    /// whatever the undoing still needs.
    public let failed: @Sendable (Connection, inout State, WorkflowRecord, NovaError) throws -> Void
    /// In the transaction in which the rest of a workflow that must finish becomes an owed cleanup: users see its end.
    ///
    /// Nil for a workflow that may fail: its undoing follows.
    public let settled: (@Sendable (Connection, inout State) throws -> Void)?
    /// The position of the first step that cannot fail for good: from there on there is no way back.
    public let mustFinishFrom: Int64
    /// In the transaction in which the rest of an undoing becomes an owed cleanup: users wait no longer for it.
    public let stranded: @Sendable (Connection, inout State) throws -> Void

    /// - Parameter mustFinishFrom: the name of a step; by default the first one of a workflow with `settled`.
    public init(
        _ kind: String, steps: [Step], deadline: Duration, afterCrash: CrashPolicy = .goOn,
        mustFinishFrom: String? = nil,
        stopReason: @escaping @Sendable (Connection, State) throws -> NovaError? = { _, _ in nil },
        succeeded: @escaping @Sendable (Connection, inout State, WorkflowRecord) throws -> Void,
        failed: @escaping @Sendable (Connection, inout State, WorkflowRecord, NovaError) throws -> Void,
        settled: (@Sendable (Connection, inout State) throws -> Void)? = nil,
        stranded: @escaping @Sendable (Connection, inout State) throws -> Void = { _, _ in }
    ) {
        self.kind = kind
        self.steps = steps
        self.deadline = deadline
        self.afterCrash = afterCrash
        self.stopReason = stopReason
        self.succeeded = succeeded
        self.failed = failed
        self.settled = settled
        self.stranded = stranded
        let place = mustFinishFrom.flatMap { name in steps.firstIndex { $0.name == name } }
        self.mustFinishFrom = settled == nil ? Int64(steps.count) : Int64(place ?? 0)
    }

    /// One step.
    ///
    /// `run` and `undo` write nothing to the database: what they found out is written in `commit` and `undone`, in the
    /// transaction that an owner who has lost its lease cannot complete.
    public struct Step: Sendable {
        public let name: String
        /// In the transaction that begins the step: what users see while it runs.
        public let begin: @Sendable (Connection, State) throws -> Void
        public let run: @Sendable (inout State, StepContext) async throws -> Void
        /// In the transaction that ends the step: what the step found out goes to where others read it.
        public let commit: @Sendable (Connection, State) throws -> Void
        public let undo: @Sendable (inout State, StepContext) async throws -> Void
        /// In the transaction that ends the undoing of the step.
        public let undone: @Sendable (Connection, State) throws -> Void
        /// The compute host that the step works on; nil when it works on none.
        ///
        /// An operator may give up such a step (``WorkflowTable/abandon(_:reason:)``).
        public let host: (@Sendable (Connection, State) throws -> StepHost?)?
        /// What a failure of this step means: by default the whole workflow fails.
        public let onFailure: @Sendable (NovaError, inout State) -> FailureResponse

        public init(
            _ name: String,
            begin: @escaping @Sendable (Connection, State) throws -> Void = { _, _ in },
            run: @escaping @Sendable (inout State, StepContext) async throws -> Void,
            commit: @escaping @Sendable (Connection, State) throws -> Void = { _, _ in },
            undo: @escaping @Sendable (inout State, StepContext) async throws -> Void = { _, _ in },
            undone: @escaping @Sendable (Connection, State) throws -> Void = { _, _ in },
            host: (@Sendable (Connection, State) throws -> StepHost?)? = nil,
            onFailure: @escaping @Sendable (NovaError, inout State) -> FailureResponse = { _, _ in .undo }
        ) {
            self.name = name
            self.begin = begin
            self.run = run
            self.commit = commit
            self.undo = undo
            self.undone = undone
            self.host = host
            self.onFailure = onFailure
        }
    }
}

/// What becomes of a workflow whose conductor has died in the middle of it, or lost its lease.
///
/// A conductor that stops in good order gives its workflows back, and they go on.
public enum CrashPolicy: Sendable {
    /// The step that had begun is repeated: the loss of a daemon is no reason to fail.
    case goOn
    /// It fails, and what was done is undone; unless it must finish (``Workflow/mustFinishFrom``).
    case undo
}

/// The compute host that a step works on.
public struct StepHost: Sendable, Equatable {
    public var name: String
    /// Whether an operator has said that it is down: nobody needs to wait for it.
    public var isDown: Bool

    public init(_ name: String, isDown: Bool) {
        self.name = name
        self.isDown = isDown
    }
}

/// What to do after a step failed for good.
public enum FailureResponse: Sendable, Equatable {
    /// Undo everything and fail.
    case undo
    /// Undo everything, then go forward again from the first step: on another host, say.
    case restart
}

/// What a step knows of the attempt it is part of.
public struct StepContext: Sendable {
    public let workflowID: WorkflowID
    /// The position of the step and the epoch of this conductor's lease, to fence remote work with.
    public let position: Int64
    public let epoch: Int64
    public let acceptedAt: Timestamp
    public let request: RequestContext
    /// Failed attempts before this one.
    public let attempt: Int64
    /// Since the first of them began.
    public let stuck: Duration
    /// The server as it was in the transaction that began the step; nil while a step is undone, or when it is gone.
    public let server: ServerRecord?
}
