public import NovaCore
public import NovaWire

/// One entry of a server's history: who did what and why, and the states before and after.
///
/// Each workflow has one under its own id; what changes a server without a workflow adds one, too.
public struct ServerChange: Record, Equatable {
    public var id = WorkflowID.none
    public var serverID = ServerID.none
    /// "create", "stop", "power sync", "audit".
    public var what = ""
    /// The user's id, or the part of the cloud that acted by itself.
    public var who = ""
    public var projectID = ProjectID("")
    /// What failed, or why the cloud acted by itself; empty for what a user asked for and got.
    public var why = ""
    public var requestID = ""
    public var startedAt = Timestamp(microseconds: 0)
    public var finishedAt: Timestamp?
    public var before: ServerStates?
    public var after: ServerStates?

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("server_id", &serverID)
        visitor.visit("what", &what)
        visitor.visit("who", &who)
        visitor.visit("project_id", &projectID)
        visitor.visit("why", &why)
        visitor.visit("request_id", &requestID)
        visitor.visit("started_at", &startedAt)
        visitor.visit("finished_at", &finishedAt)
        visitor.visit("states_before", &before)
        visitor.visit("states_after", &after)
    }
}

/// The states of a server at one moment.
public struct ServerStates: Record, Equatable {
    public var vmState = VMState.building
    public var powerState = PowerState.noState
    public var host: String?

    public init() {}
    public init(_ server: ServerRecord) {
        vmState = server.vmState
        powerState = server.powerState
        host = server.host
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("vm_state", &vmState)
        visitor.visit("power_state", &powerState)
        visitor.visit("host", &host)
    }
}
