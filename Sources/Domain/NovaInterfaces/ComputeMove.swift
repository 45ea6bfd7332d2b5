public import NovaCore
public import NovaModel
public import NovaRPC
public import NovaWire

/// Ends an instance on the host that it leaves, and keeps its disks aside.
///
/// What is set aside stays until ``ComputeBringBack``, ``ComputeForgetAside`` or ``ComputeDestroy``.
public struct ComputeSetAside: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "compute"
    public static let name = "set_aside"
    public static let number: UInt16 = 30
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(300)

    public var fence = Fence()
    public var network = NetworkInfo()
    public var serverID = ServerID.none
    /// How long the guest may take to shut down before it is powered off, in seconds.
    public var shutdownTimeout: Int64 = 60

    public init() {}
    public init(_ fence: Fence, _ serverID: ServerID, _ network: NetworkInfo) {
        self.fence = fence
        self.serverID = serverID
        self.network = network
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("network", &network)
        visitor.visit("server_id", &serverID)
        visitor.visit("shutdown_timeout", &shutdownTimeout)
    }
}

/// Offers the disks that were set aside to the host that the instance goes to.
///
/// Each call offers them anew: what a host offers, and the certificate that it is known by, end with its compute service.
public struct ComputeOfferDisks: RPCMethod, Equatable {
    public typealias Response = TransferOffer
    public static let topic = "compute"
    public static let name = "offer_disks"
    public static let number: UInt16 = 35
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(3600)

    public var fence = Fence()
    public var serverID = ServerID.none
    /// The host that the disks go to; this one for a move that only changes the instance's size.
    public var target = ""

    public init() {}
    public init(_ fence: Fence, _ serverID: ServerID, to target: String) {
        self.fence = fence
        self.serverID = serverID
        self.target = target
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("server_id", &serverID)
        visitor.visit("target", &target)
    }
}

/// Brings an instance's disks to this host, as large as its flavor says; what is here already is not fetched again.
public struct ComputeFetchDisks: RPCMethod, Equatable {
    public static let topic = "compute"
    public static let name = "fetch_disks"
    public static let number: UInt16 = 31
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(3600)

    public struct Response: Record, Equatable {
        /// What was fetched by this call.
        public var bytes: Int64 = 0
        public init() {}
        public init(bytes: Int64) { self.bytes = bytes }
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("bytes", &bytes) }
    }

    public var fence = Fence()
    /// The instance with its new flavor.
    public var instance = InstanceSpec()
    public var offer = TransferOffer()

    public init() {}
    public init(_ fence: Fence, _ instance: InstanceSpec, _ offer: TransferOffer) {
        self.fence = fence
        self.instance = instance
        self.offer = offer
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("instance", &instance)
        visitor.visit("offer", &offer)
    }
}

/// Makes an instance from the disks that were brought here, and starts it when it is to run.
public struct ComputeFinishMove: RPCMethod, Equatable {
    public typealias Response = InstanceOutcome
    public static let topic = "compute"
    public static let name = "finish_move"
    public static let number: UInt16 = 32
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(300)

    public var fence = Fence()
    public var instance = InstanceSpec()
    public var starts = true

    public init() {}
    public init(_ fence: Fence, _ instance: InstanceSpec, starts: Bool) {
        self.fence = fence
        self.instance = instance
        self.starts = starts
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("instance", &instance)
        visitor.visit("starts", &starts)
    }
}

/// Makes an instance again what it was before ``ComputeSetAside``; one that was never set aside stays as it is.
///
/// On a host that it never left, what it became meanwhile is ended, and kept in turn until ``ComputeForgetAside``.
public struct ComputeBringBack: RPCMethod, Equatable {
    public typealias Response = InstanceOutcome
    public static let topic = "compute"
    public static let name = "bring_back"
    public static let number: UInt16 = 33
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(300)

    public var fence = Fence()
    /// The instance with its old flavor.
    public var instance = InstanceSpec()
    public var starts = true

    public init() {}
    public init(_ fence: Fence, _ instance: InstanceSpec, starts: Bool) {
        self.fence = fence
        self.instance = instance
        self.starts = starts
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("instance", &instance)
        visitor.visit("starts", &starts)
    }
}

/// Removes what this host keeps aside of an instance that goes on living here; succeeds when there is nothing.
public struct ComputeForgetAside: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "compute"
    public static let name = "forget_aside"
    public static let number: UInt16 = 34
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(120)

    public var fence = Fence()
    public var serverID = ServerID.none

    public init() {}
    public init(_ fence: Fence, _ serverID: ServerID) {
        self.fence = fence
        self.serverID = serverID
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("server_id", &serverID)
    }
}
