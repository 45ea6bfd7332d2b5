public import NovaCore
public import NovaModel
public import NovaRPC
public import NovaWire

// A running guest that goes to another host: where it is, and what follows.

/// Where a guest stands that may have come or gone.
public struct ComputeGuestPresence: RPCMethod, Equatable {
    public static let topic = "compute"
    public static let name = "guest_presence"
    public static let number: UInt16 = 46
    public static let since: UInt16 = 1
    public static let isIdempotent = true

    public struct Response: Record, Equatable {
        public var presence = GuestPresence.absent
        public init() {}
        public init(_ presence: GuestPresence) { self.presence = presence }
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("presence", &presence) }
    }

    public var serverID = ServerID.none

    public init() {}
    public init(_ serverID: ServerID) {
        self.serverID = serverID
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
    }
}

/// Ends what a live migration still does on the host that the guest was to leave; the guest goes on here if it is here.
public struct ComputeKeepGuest: RPCMethod, Equatable {
    public static let topic = "compute"
    public static let name = "keep_guest"
    public static let number: UInt16 = 47
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(180)

    public struct Response: Record, Equatable {
        /// Absent when the guest has left, or is lost.
        public var presence = GuestPresence.absent
        public var outcome = InstanceOutcome()
        public init() {}
        public init(_ presence: GuestPresence, _ outcome: InstanceOutcome = InstanceOutcome()) {
            self.presence = presence
            self.outcome = outcome
        }
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
            visitor.visit("presence", &presence)
            visitor.visit("outcome", &outcome)
        }
    }

    public var fence = Fence()
    public var serverID = ServerID.none
    /// Whether the guest is to run; it may have been held so that it could leave.
    public var runs = true

    public init() {}
    public init(_ fence: Fence, _ serverID: ServerID, runs: Bool) {
        self.fence = fence
        self.serverID = serverID
        self.runs = runs
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("server_id", &serverID)
        visitor.visit("runs", &runs)
    }
}

/// The end of what a guest that has left had printed here.
public struct ComputeConsoleTail: RPCMethod, Equatable {
    public static let topic = "compute"
    public static let name = "console_tail"
    public static let number: UInt16 = 48
    public static let since: UInt16 = 1
    public static let isIdempotent = true

    public struct Response: Record, Equatable {
        /// At most 100 KiB.
        public var text = Blob()
        public init() {}
        public init(_ text: [UInt8]) { self.text = Blob(text) }
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("text", &text) }
    }

    public var serverID = ServerID.none

    public init() {}
    public init(_ serverID: ServerID) {
        self.serverID = serverID
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
    }
}

/// Ends the expectation of a guest that has arrived, and keeps what it printed before.
public struct ComputeReceiveGuest: RPCMethod, Equatable {
    public static let topic = "compute"
    public static let name = "receive_guest"
    public static let number: UInt16 = 49
    public static let since: UInt16 = 1
    public static let isIdempotent = true

    public struct Response: Record, Equatable {
        public var powerState = PowerState.noState
        public var figures = MigrationFigures()
        public init() {}
        public init(_ powerState: PowerState, _ figures: MigrationFigures) {
            self.powerState = powerState
            self.figures = figures
        }
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
            visitor.visit("power_state", &powerState)
            visitor.visit("figures", &figures)
        }
    }

    public var fence = Fence()
    public var serverID = ServerID.none
    public var console = Blob()

    public init() {}
    public init(_ fence: Fence, _ serverID: ServerID, console: [UInt8]) {
        self.fence = fence
        self.serverID = serverID
        self.console = Blob(console)
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("server_id", &serverID)
        visitor.visit("console", &console)
    }
}
