public import NovaCore
public import NovaModel
public import NovaRPC
public import NovaWire

/// What a compute host does: host queues only, every step fenced.
///
/// See `proto-spec/rpc/compute.md`.
public enum ComputeInterface: RPCInterface {
    public static let topic = "compute"
    public static let methods: [any RPCMethod.Type] = [
        ComputeBuild.self, ComputeDestroy.self, ComputePower.self, ComputeConsoleOutput.self, ComputeInventory.self,
        ComputeRemoveLeftover.self, ComputePrepareImages.self, ComputeRebuild.self, ComputeRescue.self,
        ComputeUnrescue.self, ComputeSnapshot.self, ComputeUploadSnapshot.self, ComputeDiscardSnapshot.self,
        ComputeDiagnostics.self, ComputeSetPassword.self, ComputeSetAside.self, ComputeFetchDisks.self,
        ComputeFinishMove.self, ComputeBringBack.self, ComputeForgetAside.self, ComputeOfferDisks.self,
        ComputeTransferEnd.self, ComputeGuestNeeds.self, ComputeCheckGuest.self, ComputePrepareGuest.self,
        ComputeExpectGuest.self, ComputeMigrate.self, ComputeGuestPresence.self, ComputeKeepGuest.self,
        ComputeConsoleTail.self, ComputeReceiveGuest.self, ComputeAttachInterface.self, ComputeDetachInterface.self,
        ComputePing.self,
    ]
}

/// Makes an instance: image, disks, tap, domain, start.
public struct ComputeBuild: RPCMethod, Equatable {
    public typealias Response = InstanceOutcome
    public static let topic = "compute"
    public static let name = "build"
    public static let number: UInt16 = 1
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(600)

    public var fence = Fence()
    public var instance = InstanceSpec()

    public init() {}
    public init(_ fence: Fence, _ instance: InstanceSpec) {
        self.fence = fence
        self.instance = instance
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("instance", &instance)
    }
}

/// What a compute host says after a step.
public struct InstanceOutcome: Record, Equatable {
    public var powerState = PowerState.noState

    public init() {}
    public init(_ powerState: PowerState) { self.powerState = powerState }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("power_state", &powerState) }
}

/// Removes an instance and all that was made for it; succeeds when there is none.
public struct ComputeDestroy: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "compute"
    public static let name = "destroy"
    public static let number: UInt16 = 2
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(180)

    public var fence = Fence()
    public var serverID = ServerID.none
    public var network = NetworkInfo()

    public init() {}
    public init(_ fence: Fence, _ serverID: ServerID, _ network: NetworkInfo) {
        self.fence = fence
        self.serverID = serverID
        self.network = network
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("server_id", &serverID)
        visitor.visit("network", &network)
    }
}

/// Starts, stops, reboots, pauses or suspends an instance, or wakes it again.
public struct ComputePower: RPCMethod, Equatable {
    public typealias Response = InstanceOutcome
    public static let topic = "compute"
    public static let name = "power"
    public static let number: UInt16 = 3
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(180)

    public typealias Action = PowerActionState.Action

    public var fence = Fence()
    public var action = Action.start
    public var instance = InstanceSpec()
    /// How long a guest may take to shut down before it is powered off, in seconds.
    public var shutdownTimeout: Int64 = 60

    public init() {}
    public init(_ fence: Fence, _ action: Action, _ instance: InstanceSpec) {
        self.fence = fence
        self.action = action
        self.instance = instance
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("action", &action)
        visitor.visit("instance", &instance)
        visitor.visit("shutdown_timeout", &shutdownTimeout)
    }
}

/// The end of the console's text.
public struct ComputeConsoleOutput: RPCMethod, Equatable {
    public static let topic = "compute"
    public static let name = "console_output"
    public static let number: UInt16 = 4
    public static let isIdempotent = true

    public struct Response: Record, Equatable {
        public var text = ""
        public init() {}
        public init(_ text: String) { self.text = text }
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("text", &text) }
    }

    public var serverID = ServerID.none
    /// Lines from the end; nil for all that is kept (at most 100 KiB).
    public var lines: Int64?

    public init() {}
    public init(_ serverID: ServerID, lines: Int64?) {
        self.serverID = serverID
        self.lines = lines
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
        visitor.visit("lines", &lines)
    }
}
