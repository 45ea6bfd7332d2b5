public import NovaCore
public import NovaModel
public import NovaRPC
public import NovaWire

// A running guest that goes to another host; the conductor asks both.

/// What a running guest needs of the host that it goes to.
public struct ComputeGuestNeeds: RPCMethod, Equatable {
    public typealias Response = GuestNeeds
    public static let topic = "compute"
    public static let name = "guest_needs"
    public static let number: UInt16 = 41
    public static let since: UInt16 = 1
    public static let isIdempotent = true

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

/// Whether this host can take a guest of another host: all that stands against it, at once.
public struct ComputeCheckGuest: RPCMethod, Equatable {
    public static let topic = "compute"
    public static let name = "check_guest"
    public static let number: UInt16 = 42
    public static let since: UInt16 = 1
    public static let isIdempotent = true

    public struct Response: Record, Equatable {
        /// For users, a part of a sentence each; none when the guest may come.
        public var mismatches: [String] = []
        public init() {}
        public init(_ mismatches: [String]) { self.mismatches = mismatches }
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("mismatches", &mismatches) }
    }

    /// The instance, with grants for the host that is asked.
    public var instance = InstanceSpec()
    public var needs = GuestNeeds()
    /// Whether what the disks take now counts, not what the guest sees.
    public var allowsOvercommit = true

    public init() {}
    public init(_ instance: InstanceSpec, _ needs: GuestNeeds, allowsOvercommit: Bool) {
        self.instance = instance
        self.needs = needs
        self.allowsOvercommit = allowsOvercommit
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("instance", &instance)
        visitor.visit("needs", &needs)
        visitor.visit("allows_overcommit", &allowsOvercommit)
    }
}

/// Makes a place for a guest of another host: images, disks of the same sizes, taps.
///
/// What it makes stays until ``ComputeDestroy``, or becomes the guest's when it has come.
public struct ComputePrepareGuest: RPCMethod, Equatable {
    public typealias Response = GuestPlace
    public static let topic = "compute"
    public static let name = "prepare_guest"
    public static let number: UInt16 = 43
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(600)

    public var fence = Fence()
    /// The instance, with grants for the host that is asked.
    public var instance = InstanceSpec()
    public var needs = GuestNeeds()

    public init() {}
    public init(_ fence: Fence, _ instance: InstanceSpec, _ needs: GuestNeeds) {
        self.fence = fence
        self.instance = instance
        self.needs = needs
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("instance", &instance)
        visitor.visit("needs", &needs)
    }
}

/// Expects the streams of a guest at its place, until ``ComputeReceiveGuest`` or ``ComputeDestroy``.
public struct ComputeExpectGuest: RPCMethod, Equatable {
    public static let topic = "compute"
    public static let name = "expect_guest"
    public static let number: UInt16 = 44
    public static let since: UInt16 = 1
    public static let isIdempotent = true

    public struct Response: Record, Equatable {
        /// Where the streams are taken, without a grant; nil from a hypervisor that needs none.
        public var channel: GuestChannel?
        public init() {}
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("channel", &channel) }
    }

    public var fence = Fence()
    public var serverID = ServerID.none
    public var place = GuestPlace()

    public init() {}
    public init(_ fence: Fence, _ serverID: ServerID, _ place: GuestPlace) {
        self.fence = fence
        self.serverID = serverID
        self.place = place
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("server_id", &serverID)
        visitor.visit("place", &place)
    }
}

/// Brings a running guest to another host; answers when it has left.
///
/// Repeated while it is under way it waits for its end, and afterwards it succeeds: whether the guest has arrived its new host knows.
/// - Throws: ``NovaError`` `conflict` when it was aborted, `hypervisor` when it failed: then the guest goes on here.
public struct ComputeMigrate: RPCMethod, Equatable {
    public typealias Response = MigrationFigures
    public static let topic = "compute"
    public static let name = "migrate"
    public static let number: UInt16 = 45
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(3600)

    public var fence = Fence()
    public var serverID = ServerID.none
    public var migrationID = MigrationID.none
    public var needs = GuestNeeds()
    public var place = GuestPlace()
    /// Nil for hypervisors that need none.
    public var channel: GuestChannel? = nil

    public init() {}
    public init(_ fence: Fence, _ serverID: ServerID, _ migrationID: MigrationID) {
        self.fence = fence
        self.serverID = serverID
        self.migrationID = migrationID
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("server_id", &serverID)
        visitor.visit("migration_id", &migrationID)
        visitor.visit("needs", &needs)
        visitor.visit("place", &place)
        visitor.visit("channel", &channel)
    }
}
