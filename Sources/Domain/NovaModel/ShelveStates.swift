public import NovaCore
public import NovaWire

/// What is kept of a shelved server beside its row: stands in the row until the server is unshelved.
public struct ShelvedServer: Record, Equatable {
    /// The image of its disk.
    public var imageID = ImageID.none
    public var at = Timestamp(microseconds: 0)
    /// Whether its guest was stopped when it was shelved.
    public var wasStopped = false

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("image_id", &imageID)
        visitor.visit("at", &at)
        visitor.visit("was_stopped", &wasStopped)
    }
}

/// What the workflows of shelve and shelveOffload know.
public struct ShelveState: Record, Equatable {
    public var serverID = ServerID.none
    public var image = SnapshotImage()
    /// The vm_state that the server had.
    public var formerState = VMState.active
    /// Whether it leaves its host at once.
    public var offloads = false
    public var powerState = PowerState.noState
    /// Where it was, once it has left its host.
    public var host: String?
    public var network = NetworkInfo()

    public init() {}
    public init(_ serverID: ServerID) { self.serverID = serverID }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
        visitor.visit("image", &image)
        visitor.visit("former_state", &formerState)
        visitor.visit("offloads", &offloads)
        visitor.visit("power_state", &powerState)
        visitor.visit("host", &host)
        visitor.visit("network", &network)
    }
}

/// What the workflow of unshelve knows.
public struct UnshelveState: Record, Equatable {
    public var serverID = ServerID.none
    public var shelved = ShelvedServer()
    /// Whether the server has left its host, and needs one.
    public var wasOffloaded = false
    /// A host that an administrator asked for and that must pass the filters.
    public var requestedHost: String?
    /// The zone that the server had, for an unshelve that fails.
    public var formerZone: String?
    public var selected: Selection?
    public var ignoredHosts: [String] = []
    public var network = NetworkInfo()
    public var explanation: SchedulingExplanation?
    public var powerState = PowerState.noState

    public init() {}
    public init(_ serverID: ServerID, _ shelved: ShelvedServer) {
        self.serverID = serverID
        self.shelved = shelved
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
        visitor.visit("shelved", &shelved)
        visitor.visit("was_offloaded", &wasOffloaded)
        visitor.visit("requested_host", &requestedHost)
        visitor.visit("former_zone", &formerZone)
        visitor.visit("selected", &selected)
        visitor.visit("ignored_hosts", &ignoredHosts)
        visitor.visit("network", &network)
        visitor.visit("explanation", &explanation)
        visitor.visit("power_state", &powerState)
    }
}
