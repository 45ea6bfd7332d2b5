public import NovaCore
public import NovaWire

/// Both sides of a server's move to another host or flavor; kept with its migration until that is confirmed or reverted.
public struct ServerMove: Record, Equatable {
    public var migrationID = MigrationID.none
    public var source = Selection()
    /// Nil until a host was chosen.
    public var target: Selection?
    public var oldFlavor = Flavor()
    public var newFlavor = Flavor()
    /// Whether the server was stopped before: then its guest is not started anywhere.
    public var wasStopped = false

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("migration_id", &migrationID)
        visitor.visit("source", &source)
        visitor.visit("target", &target)
        visitor.visit("old_flavor", &oldFlavor)
        visitor.visit("new_flavor", &newFlavor)
        visitor.visit("was_stopped", &wasStopped)
    }

    /// Whether the server stays where it is and only changes its size.
    public var isOnOneHost: Bool { target?.host == source.host }
    /// Whether the server keeps its size, and only its host changes.
    public var keepsFlavor: Bool { oldFlavor.id == newFlavor.id }
    /// What the server is before the move and after it, apart from the wait for a confirmation.
    public var vmState: VMState { wasStopped ? .stopped : .active }
    /// Who holds, while the move can still be taken back, what the server holds no more.
    public var consumer: ServerID { migrationID.consumer }
}

extension MigrationID {
    /// The migration as a consumer of resources: placement knows consumers by the ids of servers.
    public var consumer: ServerID { ServerID(uuid) }
}

/// What the workflows of resize, cold migration, confirmation, revert and evacuation know.
public struct MoveState: Record, Equatable {
    public var serverID = ServerID.none
    public var move = ServerMove()
    /// What the server was made from; nil for a server without an image, and for an image that was deleted.
    public var image: ImageReference?
    /// A host that an administrator asked for and that must pass the filters.
    public var requestedHost: String?
    /// A host that an administrator asked for, whatever the filters say.
    public var forcedHost: String?
    /// Hosts that were tried and failed.
    public var ignoredHosts: [String] = []
    /// Whether the host where the server is may be chosen.
    public var mayStay = false
    /// The server's ports as they are bound now.
    public var network = NetworkInfo()
    /// Whether the source has ended the guest and keeps its disks aside.
    public var isAside = false
    public var explanation: SchedulingExplanation?
    public var powerState = PowerState.noState
    /// Whether the server is to be stopped at the end, whatever it was before.
    public var endsStopped = false
    /// The vm_state that the server had.
    public var formerState = VMState.active
    /// Whether the server is on its first host again.
    public var isRestored = false

    public init() {}
    public init(_ serverID: ServerID, _ move: ServerMove) {
        self.serverID = serverID
        self.move = move
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
        visitor.visit("move", &move)
        visitor.visit("image", &image)
        visitor.visit("requested_host", &requestedHost)
        visitor.visit("forced_host", &forcedHost)
        visitor.visit("ignored_hosts", &ignoredHosts)
        visitor.visit("may_stay", &mayStay)
        visitor.visit("network", &network)
        visitor.visit("is_aside", &isAside)
        visitor.visit("explanation", &explanation)
        visitor.visit("power_state", &powerState)
        visitor.visit("ends_stopped", &endsStopped)
        visitor.visit("former_state", &formerState)
        visitor.visit("is_restored", &isRestored)
    }
}
