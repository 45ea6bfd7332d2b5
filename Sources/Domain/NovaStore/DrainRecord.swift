public import NovaCore
public import NovaModel
public import NovaWire

/// The moves that empty a host, or bring servers back to it, as the database keeps them.
public struct DrainRecord: Record, Equatable {
    public enum State: String, WireEnum {
        /// Shown to its operator, and nothing was done yet.
        case planned
        case running
        /// Begins no more moves; those under way come to their end.
        case stopping
        case stopped
        /// Nothing is left to be moved that can be.
        case done
    }
    public var id = DrainID.none
    /// The host that is left, or that servers come back to.
    public var host = ""
    public var purpose = DrainPurpose.drain
    public var state = State.planned
    /// Whether servers that run are stopped for their move, too.
    public var isCold = false
    public var context = WorkflowContext()
    public var createdAt = Timestamp(microseconds: 0)
    public var startedAt: Timestamp?
    public var finishedAt: Timestamp?
    /// From when on its servers are no longer brought back.
    public var returnedAt: Timestamp?

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("host", &host)
        visitor.visit("purpose", &purpose)
        visitor.visit("state", &state)
        visitor.visit("is_cold", &isCold)
        visitor.visit("context", &context)
        visitor.visit("created_at", &createdAt)
        visitor.visit("started_at", &startedAt)
        visitor.visit("finished_at", &finishedAt)
        visitor.visit("returned_at", &returnedAt)
    }

    /// Whether somebody works on it.
    public var isActive: Bool { state == .running || state == .stopping }
}

/// One server of a drain: the plan before it is moved, and the truth afterwards.
public struct DrainMove: Record, Equatable {
    public enum State: String, WireEnum {
        /// It cannot be moved as it is; the reason says what to do.
        case blocked
        case waiting
        case moving
        /// It was moved cold, and the host that it left still has to forget it.
        case confirming
        case moved
        case failed
        /// It was deleted or moved by somebody else.
        case gone
    }
    public var drainID = DrainID.none
    public var position: Int64 = 0
    public var serverID = ServerID.none
    public var serverName = ""
    public var way: MoveWay?
    public var source = ""
    /// The host that it goes to; nil for one that the scheduler chooses when it begins.
    public var target: String?
    public var state = State.waiting
    public var reason = ""
    /// Moves that were begun.
    public var attempts: Int64 = 0
    /// A host that could not take it.
    public var avoided: String?
    /// What moves it now, or did last.
    public var workflowID: WorkflowID?
    /// Not begun before this time.
    public var retryAt = Timestamp(microseconds: 0)
    /// Since when something else is done to the server.
    public var busySince: Timestamp?
    public var startedAt: Timestamp?
    public var finishedAt: Timestamp?

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("drain_id", &drainID)
        visitor.visit("position", &position)
        visitor.visit("server_id", &serverID)
        visitor.visit("server_name", &serverName)
        visitor.visit("way", &way)
        visitor.visit("source", &source)
        visitor.visit("target", &target)
        visitor.visit("state", &state)
        visitor.visit("reason", &reason)
        visitor.visit("attempts", &attempts)
        visitor.visit("avoided", &avoided)
        visitor.visit("workflow_id", &workflowID)
        visitor.visit("retry_at", &retryAt)
        visitor.visit("busy_since", &busySince)
        visitor.visit("started_at", &startedAt)
        visitor.visit("finished_at", &finishedAt)
    }
}

/// How far a drain is.
public struct DrainCounts: Sendable, Equatable {
    public var byState: [DrainMove.State: Int64] = [:]

    public init() {}

    public subscript(_ states: DrainMove.State...) -> Int64 { states.reduce(0) { $0 &+ (byState[$1] ?? 0) } }
    public var total: Int64 { byState.values.reduce(0, &+) }
}
