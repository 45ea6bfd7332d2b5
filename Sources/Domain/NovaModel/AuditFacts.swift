public import NovaCore

/// What reconcilers need of a server's row.
public struct ServerFacts: Sendable, Equatable {
    public var id = ServerID.none
    public var projectID = ProjectID("")
    public var userID = UserID("")
    public var vmState = VMState.building
    public var taskState: TaskState?
    public var powerState = PowerState.noState
    public var flavor = Flavor()
    public var host: String?
    public var providerID: ProviderID?
    public var network = NetworkInfo()
    public var updatedAt = Timestamp(microseconds: 0)

    public init() {}
}

/// What reconcilers need of an open workflow.
public struct WorkflowFacts: Sendable, Equatable {
    public var id = WorkflowID.none
    public var kind = ""
    public var serverID = ServerID.none
    public var state = ""
    public var owner: String?
    public var leaseExpiresAt = Timestamp(microseconds: 0)
    public var retryAt = Timestamp(microseconds: 0)
    public var createdAt = Timestamp(microseconds: 0)
    public var updatedAt = Timestamp(microseconds: 0)

    public init() {}
}
