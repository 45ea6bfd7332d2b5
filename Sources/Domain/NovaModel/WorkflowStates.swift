public import NovaCore
public import NovaWire

/// The names of workflows, as they stand in the database.
public enum WorkflowKindName {
    public static let build = "build"
    public static let delete = "delete"
    public static let power = "power"
}

/// What the build workflow knows.
///
/// nova-api fills the request; the steps fill the rest.
public struct BuildState: Record, Equatable {
    public var serverID = ServerID.none
    public var image: ImageReference?
    /// A host that an administrator asked for.
    public var forcedHost: String?
    public var hints: [String: String] = [:]
    public var selected: Selection?
    public var ignoredHosts: [String] = []
    public var network = NetworkInfo()
    public var explanation: SchedulingExplanation?
    public var powerState = PowerState.noState

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
        visitor.visit("image", &image)
        visitor.visit("forced_host", &forcedHost)
        visitor.visit("hints", &hints)
        visitor.visit("selected", &selected)
        visitor.visit("ignored_hosts", &ignoredHosts)
        visitor.visit("network", &network)
        visitor.visit("explanation", &explanation)
        visitor.visit("power_state", &powerState)
    }
}

/// What the delete workflow knows.
public struct DeleteState: Record, Equatable {
    public var serverID = ServerID.none
    /// Where the server lives, as its row says when the first step begins.
    public var host: String?
    public var network = NetworkInfo()

    public init() {}
    public init(_ serverID: ServerID) { self.serverID = serverID }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
        visitor.visit("host", &host)
        visitor.visit("network", &network)
    }
}

/// What the start, stop and reboot workflow knows.
public struct PowerActionState: Record, Equatable {
    public enum Action: String, WireEnum {
        case start
        case stop
        case rebootSoft
        case rebootHard
    }
    public var serverID = ServerID.none
    public var action = Action.start
    public var powerState = PowerState.noState

    public init() {}
    public init(_ serverID: ServerID, _ action: Action) {
        self.serverID = serverID
        self.action = action
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
        visitor.visit("action", &action)
        visitor.visit("power_state", &powerState)
    }
}
