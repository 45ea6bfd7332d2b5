public import NovaCore
public import NovaWire

/// The names of workflows, as they stand in the database.
public enum WorkflowKindName {
    public static let build = "build"
    public static let delete = "delete"
    public static let power = "power"
    public static let rescue = "rescue"
    public static let unrescue = "unrescue"
    public static let rebuild = "rebuild"
    public static let snapshot = "snapshot"
    /// Resize and cold migration: another host, another flavor, or both.
    public static let resize = "resize"
    public static let confirmResize = "confirmResize"
    public static let revertResize = "revertResize"
    public static let evacuate = "evacuate"
    public static let shelve = "shelve"
    public static let shelveOffload = "shelveOffload"
    public static let unshelve = "unshelve"
    public static let attachInterface = "attachInterface"
    public static let detachInterface = "detachInterface"
    public static let liveMigrate = "liveMigrate"
    /// What operators want of a live migration; these have no steps, the migration's own workflow sees the wish.
    public static let abortLiveMigration = "live_migration_cancel"
    public static let forceComplete = "live_migration_force_complete"
    /// Has no steps: it is written when it is done.
    public static let password = "password"
    /// Of a host, not of a server (``HostRecord/subject``).
    public static let fenceHost = "fenceHost"

    /// Workflows whose subject is a compute host.
    public static let ofHosts: Set<String> = [fenceHost]
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
    /// A host that an administrator asked for and that must pass the filters.
    public var requestedHost: String?
    /// Why the last host that was tried has failed.
    public var lastFailure: String?

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
        visitor.visit("requested_host", &requestedHost)
        visitor.visit("last_failure", &lastFailure)
    }
}

/// What the delete workflow knows.
public struct DeleteState: Record, Equatable {
    public var serverID = ServerID.none
    /// Where the server lives, as its row says when the first step begins.
    public var host: String?
    public var network = NetworkInfo()
    /// A move of the server that was neither confirmed nor reverted: its other host has something, too.
    public var move: ServerMove?
    /// The image of a shelved server.
    public var shelvedImage: ImageID?

    public init() {}
    public init(_ serverID: ServerID) { self.serverID = serverID }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
        visitor.visit("host", &host)
        visitor.visit("network", &network)
        visitor.visit("move", &move)
        visitor.visit("shelved_image", &shelvedImage)
    }
}

/// What the workflow of start, stop, reboot, pause, suspend and their like knows.
public struct PowerActionState: Record, Equatable {
    public enum Action: String, WireEnum {
        case start
        case stop
        case rebootSoft
        case rebootHard
        case pause
        case unpause
        case suspend
        case resume
        /// Interrupts the guest, which writes its memory to disk if it was told to.
        case crashDump
        /// Stops the guest of a deleted server that is kept for a while.
        case softDelete
        /// Brings such a server back.
        case restore
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

extension PowerActionState.Action {
    /// What users ask for, with the states in which they may.
    public var serverAction: ServerAction {
        switch self {
        case .start: .start
        case .stop: .stop
        case .rebootSoft: .rebootSoft
        case .rebootHard: .rebootHard
        case .pause: .pause
        case .unpause: .unpause
        case .suspend: .suspend
        case .resume: .resume
        case .crashDump: .triggerCrashDump
        case .softDelete: .softDelete
        case .restore: .restore
        }
    }

    /// What the compute host is asked for: to it a deleted server that is kept is one that was stopped.
    public var onHost: Self {
        switch self {
        case .softDelete: .stop
        case .restore: .start
        default: self
        }
    }

    /// What the server is after it; nil for what it was before.
    public var vmState: VMState? {
        switch self {
        case .start, .rebootSoft, .rebootHard, .unpause, .resume, .restore: .active
        case .stop: .stopped
        case .pause: .paused
        case .suspend: .suspended
        case .softDelete: .softDeleted
        case .crashDump: nil
        }
    }

    /// Whether the guest may be put together anew, for which its host needs all that it was made from.
    public var startsGuest: Bool {
        switch self {
        case .start, .rebootSoft, .rebootHard, .resume, .restore: true
        case .stop, .pause, .unpause, .suspend, .crashDump, .softDelete: false
        }
    }
}
