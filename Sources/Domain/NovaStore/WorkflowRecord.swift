public import NovaCore
public import NovaWire

/// One durable workflow as the database keeps it (`design/architecture.md` 3.4, 5).
public struct WorkflowRecord: Record, Equatable {
    public enum State: String, WireEnum {
        /// Goes forward, step by step.
        case running
        /// A step failed for good: goes backward, undoing.
        case undoing
        case succeeded
        case failed
        /// Its visible end has come; what is left of it waits for somebody, and stands in nobody's way.
        case owed
        /// Goes backward in order to go forward again from the first step.
        case restarting
    }
    public var id = WorkflowID.none
    /// The workflow's name: "build", "delete".
    public var kind = ""
    public var serverID = ServerID.none
    public var state = State.running
    /// The step to run next, or to undo next.
    public var step: Int64 = 0
    /// Grows with each change of owner: what an old owner writes is refused.
    public var epoch: Int64 = 0
    public var owner: String?
    public var leaseExpiresAt = Timestamp(microseconds: 0)
    /// Not before this time: pause after a transient failure.
    public var retryAt = Timestamp(microseconds: 0)
    /// Failed attempts at the current step.
    public var attempts: Int64 = 0
    public var context = WorkflowContext()
    /// The wire form of the workflow's own state.
    public var data = Blob()
    /// What failed, once something has.
    public var error: WorkflowError?
    public var createdAt = Timestamp(microseconds: 0)
    public var updatedAt = Timestamp(microseconds: 0)
    public var finishedAt: Timestamp?
    /// When the first of the failed attempts at the current step began.
    public var stuckSince: Timestamp?
    /// The compute host that an owed cleanup waits for; nil when it waits for a service.
    public var owedHost: String?
    /// Why the last attempt at the owed cleanup failed.
    public var owedReason: String?
    public var owedSince: Timestamp?
    /// Why an operator no longer wants the host's part of it.
    public var abandonedReason: String?

    public init() {}

    /// Whether its steps are run, not undone.
    public var goesForward: Bool { state == .running || state == .owed && error == nil }

    /// A new workflow that any conductor may take.
    ///
    /// Its time is that of the process until ``WorkflowTable/insert(_:)`` gives it the database's.
    public init(
        kind: String, server: ServerID, context: RequestContext, data: [UInt8], now: Timestamp = .now()
    ) {
        id = .timeOrdered(at: now)
        self.kind = kind
        serverID = server
        self.context = WorkflowContext(context)
        self.data = Blob(data)
        createdAt = now
        updatedAt = now
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("kind", &kind)
        visitor.visit("server_id", &serverID)
        visitor.visit("state", &state)
        visitor.visit("step", &step)
        visitor.visit("epoch", &epoch)
        visitor.visit("owner", &owner)
        visitor.visit("lease_expires_at", &leaseExpiresAt)
        visitor.visit("retry_at", &retryAt)
        visitor.visit("attempts", &attempts)
        visitor.visit("context", &context)
        visitor.visit("data", &data)
        visitor.visit("error", &error)
        visitor.visit("created_at", &createdAt)
        visitor.visit("updated_at", &updatedAt)
        visitor.visit("finished_at", &finishedAt)
        visitor.visit("stuck_since", &stuckSince)
        visitor.visit("owed_host", &owedHost)
        visitor.visit("owed_reason", &owedReason)
        visitor.visit("owed_since", &owedSince)
        visitor.visit("abandoned_reason", &abandonedReason)
    }
}

/// Who asked for a workflow.
public struct WorkflowContext: Record, Equatable {
    public var requestID = ""
    public var userID = UserID("")
    public var projectID = ProjectID("")
    public var roles: [String] = []
    public var isAdmin = false

    public init() {}
    public init(_ context: RequestContext) {
        requestID = context.requestID
        userID = context.userID
        projectID = context.projectID
        roles = context.roles
        isAdmin = context.isAdmin
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("request_id", &requestID)
        visitor.visit("user_id", &userID)
        visitor.visit("project_id", &projectID)
        visitor.visit("roles", &roles)
        visitor.visit("is_admin", &isAdmin)
    }

    public var requestContext: RequestContext {
        RequestContext(requestID: requestID, userID: userID, projectID: projectID, roles: roles, isAdmin: isAdmin)
    }
}

/// An error as a workflow keeps it.
public struct WorkflowError: Record, Equatable {
    public var code: UInt64 = 0
    public var message = ""
    public var details = ""

    public init() {}
    public init(_ error: NovaError) {
        code = UInt64(error.code.rawValue)
        message = error.message
        details = error.details
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("code", &code)
        visitor.visit("message", &message)
        visitor.visit("details", &details)
    }

    public var novaError: NovaError {
        NovaError(UInt8(exactly: code).flatMap(NovaError.Code.init(rawValue:)) ?? .internal, message, details: details)
    }
}

/// One line of a workflow's journal.
public struct WorkflowStepRecord: Record, Equatable {
    public enum State: String, WireEnum {
        case running
        case done
        case failed
        case undone
    }
    public var workflowID = WorkflowID.none
    public var position: Int64 = 0
    public var name = ""
    public var state = State.running
    public var epoch: Int64 = 0
    public var startedAt = Timestamp(microseconds: 0)
    public var finishedAt: Timestamp?
    public var error: String?

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("workflow_id", &workflowID)
        visitor.visit("position", &position)
        visitor.visit("name", &name)
        visitor.visit("state", &state)
        visitor.visit("epoch", &epoch)
        visitor.visit("started_at", &startedAt)
        visitor.visit("finished_at", &finishedAt)
        visitor.visit("error", &error)
    }
}
