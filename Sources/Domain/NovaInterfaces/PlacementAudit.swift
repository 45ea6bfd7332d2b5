public import NovaCore
public import NovaModel
public import NovaRPC
public import NovaWire

/// Who holds how much, page by page in the order of the consumers' ids.
public struct PlacementConsumers: RPCMethod, Equatable {
    public static let topic = "placement"
    public static let name = "consumers"
    public static let number: UInt16 = 5
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let isBackground = true

    public struct Response: Record, Equatable {
        public var consumers: [ConsumerClaims] = []
        /// What to ask the next page with; nil when this is the last one.
        public var next: ServerID?
        public init() {}
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
            visitor.visit("consumers", &consumers)
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

/// All that one consumer holds.
public struct ConsumerClaims: Record, Equatable {
    public var consumer = ServerID.none
    /// Whether it is known whose the consumer is; an allocation without that is damage.
    public var isKnown = true
    public var claims: [ProviderClaim] = []

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("consumer", &consumer)
        visitor.visit("is_known", &isKnown)
        visitor.visit("claims", &claims)
    }
}

/// What is held of one provider.
public struct ProviderClaim: Record, Equatable {
    public var providerID = ProviderID.none
    /// Ordered by class.
    public var resources: [ResourceAmount] = []

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("provider_id", &providerID)
        visitor.visit("resources", &resources)
    }
}

/// Compares the sums that placement keeps with its allocations.
public struct PlacementCheck: RPCMethod, Equatable {
    public static let topic = "placement"
    public static let name = "check"
    public static let number: UInt16 = 6
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let isBackground = true

    public struct Response: Record, Equatable {
        /// At most 1000.
        public var differences: [UsageDifference] = []
        public init() {}
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("differences", &differences) }
    }

    public init() {}
    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {}
}

/// A sum that is not the sum of its allocations.
public struct UsageDifference: Record, Equatable {
    public var providerID = ProviderID.none
    public var resourceClass = ""
    public var kept: Int64 = 0
    public var actual: Int64 = 0

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("provider_id", &providerID)
        visitor.visit("resource_class", &resourceClass)
        visitor.visit("kept", &kept)
        visitor.visit("actual", &actual)
    }
}

/// Sums a provider's allocations anew.
public struct PlacementRecount: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "placement"
    public static let name = "recount"
    public static let number: UInt16 = 7
    public static let since: UInt16 = 1
    public static let isIdempotent = true

    public var providerID = ProviderID.none

    public init() {}
    public init(_ providerID: ProviderID) { self.providerID = providerID }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("provider_id", &providerID) }
}
