public import NovaCore
public import NovaModel

/// Something that is not as it should be, as one look at the cloud shows it.
public struct Drift: Sendable, Equatable {
    /// What is wrong: "port-of-deleted-server"; the same words for the same thing at each look.
    public var kind: String
    /// What it is wrong with: mostly an id.
    public var object: String
    /// The compute host that it is on.
    public var host: String
    public var serverID: ServerID?
    /// What is there and what should be.
    public var explanation: String
    /// What heals it, for operators.
    public var remedy: String
    /// Whether healing it can lose nothing that anybody needs.
    public var isSafe: Bool
    public var heal: Heal

    init(
        _ kind: String, _ object: String, host: String = "", server: ServerID? = nil, _ explanation: String,
        remedy: String, isSafe: Bool, _ heal: Heal
    ) {
        self.kind = kind
        self.object = object
        self.host = host
        serverID = server
        self.explanation = explanation
        self.remedy = remedy
        self.isSafe = isSafe
        self.heal = heal
    }
}

/// What the conductor does about a drift; each way looks again first whether the drift is still there.
public enum Heal: Sendable, Equatable {
    /// Only a person can.
    case nothing
    /// Takes over what the hypervisor says.
    case setPowerState(ServerID, PowerState)
    /// Removes instance, taps and disks of a server from a host.
    case removeInstance(ServerID, host: String)
    case removeImage(String, host: String)
    /// Gives a consumer's resources back.
    case releaseClaim(ServerID)
    /// Claims what the server's flavor needs on the server's provider.
    case claim(ServerID)
    /// Sums a provider's allocations anew.
    case recount(ProviderID)
    case releasePorts(ServerID)
    /// Writes what the network service has into the server's row.
    case setNetwork(ServerID, NetworkInfo)
    /// Ends a task that nobody does.
    case endTask(ServerID)
    /// Lets any conductor take a workflow at once.
    case freeWorkflow(WorkflowID)
    /// Forgets a daemon.
    case removeService(ServiceID, silentSince: Timestamp)
}
