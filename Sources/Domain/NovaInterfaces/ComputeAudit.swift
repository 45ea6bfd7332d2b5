public import NovaCore
public import NovaModel
public import NovaRPC
public import NovaWire

/// What a host has of servers and images, page by page in the order of the servers' ids.
///
/// What something is being done to right now may look like anything: it is named, and marked.
public struct ComputeInventory: RPCMethod, Equatable {
    public static let topic = "compute"
    public static let name = "inventory"
    public static let number: UInt16 = 7
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let isBackground = true
    public static let timeout = Duration.seconds(30)

    public struct Response: Record, Equatable {
        public var instances: [HostedInstance] = []
        /// All images of the host's cache; with the first page only.
        public var images: [HostedImage] = []
        /// What to ask the next page with; nil when this is the last one.
        public var next: ServerID?
        public init() {}
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
            visitor.visit("instances", &instances)
            visitor.visit("images", &images)
            visitor.visit("next", &next)
        }
    }

    public var after = ServerID.none
    public var limit: Int64 = 1000

    public init() {}
    public init(after: ServerID) { self.after = after }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("after", &after)
        visitor.visit("limit", &limit)
    }
}

/// What a host has of one server.
public struct HostedInstance: Record, Equatable {
    public var serverID = ServerID.none
    public var powerState = PowerState.noState
    /// Whether the hypervisor has it.
    public var hasInstance = false
    /// Whether its disks are there.
    public var hasFolder = false
    /// Whether something is being done to it right now: the rest may be true no more.
    public var isBusy = false

    public init() {}
    public init(_ serverID: ServerID, _ powerState: PowerState?, hasFolder: Bool, isBusy: Bool = false) {
        self.serverID = serverID
        self.powerState = powerState ?? .noState
        hasInstance = powerState != nil
        self.hasFolder = hasFolder
        self.isBusy = isBusy
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
        visitor.visit("power_state", &powerState)
        visitor.visit("has_instance", &hasInstance)
        visitor.visit("has_folder", &hasFolder)
        visitor.visit("is_busy", &isBusy)
    }
}

/// A file of a host's image cache.
public struct HostedImage: Record, Equatable {
    /// The file's name, which the host understands in ``ComputeRemoveLeftover``.
    public var name = ""
    public var bytes: Int64 = 0
    /// Whether a disk on the host lies over it.
    public var isUsed = false
    /// When it was last taken from the cache or put there.
    public var usedAt = Timestamp(microseconds: 0)

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("name", &name)
        visitor.visit("bytes", &bytes)
        visitor.visit("is_used", &isUsed)
        visitor.visit("used_at", &usedAt)
    }
}

/// Removes what a host has of a server that does not belong there, or an image that no disk needs.
///
/// Succeeds when there is none; an image that is in use is kept.
///
/// - Throws: ``NovaError`` `conflict` when something is being done to the server right now.
public struct ComputeRemoveLeftover: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "compute"
    public static let name = "remove_leftover"
    public static let number: UInt16 = 8
    public static let since: UInt16 = 1
    public static let isIdempotent = true

    public var serverID = ServerID.none
    /// The name of a cached image; empty when it is about a server.
    public var image = ""

    public init() {}
    public init(server: ServerID) { serverID = server }
    public init(image: String) { self.image = image }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
        visitor.visit("image", &image)
    }
}
