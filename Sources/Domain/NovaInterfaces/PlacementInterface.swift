public import NovaCore
public import NovaModel
public import NovaRPC
public import NovaWire

/// Who has what, and who took how much of it.
///
/// See `proto-spec/rpc/placement.md`.
public enum PlacementInterface: RPCInterface {
    public static let topic = "placement"
    public static let methods: [any RPCMethod.Type] = [
        PlacementReport.self, PlacementClaim.self, PlacementRelease.self, PlacementSnapshot.self,
        PlacementConsumers.self, PlacementCheck.self, PlacementRecount.self, PlacementHandOver.self,
    ]
}

/// What a provider has.
///
/// Idempotent; an unchanged report changes nothing.
public struct PlacementReport: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "placement"
    public static let name = "report"
    public static let number: UInt16 = 1
    public static let isIdempotent = true

    public var providerID = ProviderID.none
    public var name = ""
    public var inventories: [Inventory] = []

    public init() {}
    public init(_ providerID: ProviderID, name: String, _ inventories: [Inventory]) {
        self.providerID = providerID
        self.name = name
        self.inventories = inventories
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("provider_id", &providerID)
        visitor.visit("name", &name)
        visitor.visit("inventories", &inventories)
    }
}

/// Takes resources of a provider for a server, all or none.
///
/// - Throws: ``NovaError`` `conflict` when they are not there. Idempotent per server and provider; a server that
///   holds a claim on another provider keeps that one: the answer says where it is.
public struct PlacementClaim: RPCMethod, Equatable {
    public static let topic = "placement"
    public static let name = "claim"
    public static let number: UInt16 = 2
    public static let isIdempotent = true

    public struct Response: Record, Equatable {
        /// The provider that holds the claim: the one asked for, or the one of an earlier claim of this server.
        public var providerID = ProviderID.none
        /// Its state after the claim, so that the asker's snapshot is fresh.
        public var state = ProviderState()
        public init() {}
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
            visitor.visit("provider_id", &providerID)
            visitor.visit("state", &state)
        }
    }

    public var consumer = ServerID.none
    public var providerID = ProviderID.none
    public var resources: [ResourceAmount] = []
    public var projectID = ProjectID("")
    public var userID = UserID("")

    public init() {}
    public init(
        _ consumer: ServerID, on providerID: ProviderID, _ resources: [ResourceAmount], project: ProjectID, user: UserID
    ) {
        self.consumer = consumer
        self.providerID = providerID
        self.resources = resources
        projectID = project
        userID = user
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("consumer", &consumer)
        visitor.visit("provider_id", &providerID)
        visitor.visit("resources", &resources)
        visitor.visit("project_id", &projectID)
        visitor.visit("user_id", &userID)
    }
}

/// Gives a server's resources back; succeeds when it has none.
public struct PlacementRelease: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "placement"
    public static let name = "release"
    public static let number: UInt16 = 3
    public static let isIdempotent = true

    public var consumer = ServerID.none

    public init() {}
    public init(_ consumer: ServerID) { self.consumer = consumer }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("consumer", &consumer) }
}

/// The providers that changed after a sequence number; 0 asks for all.
public struct PlacementSnapshot: RPCMethod, Equatable {
    public static let topic = "placement"
    public static let name = "snapshot"
    public static let number: UInt16 = 4
    public static let isIdempotent = true

    public struct Response: Record, Equatable {
        public var sequence: Int64 = 0
        public var providers: [ProviderState] = []
        public init() {}
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
            visitor.visit("sequence", &sequence)
            visitor.visit("providers", &providers)
        }
    }

    public var after: Int64 = 0

    public init() {}
    public init(after: Int64) { self.after = after }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("after", &after) }
}
