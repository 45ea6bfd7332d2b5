public import NovaCore
public import NovaRPC
public import NovaWire

/// Gives all that one consumer holds of a provider to another, in one piece: to a migration what its server held before, or
/// back.
///
/// Nothing happens when the giver holds nothing there, as in a call that comes after the end of its workflow; nor, unless it `replaces`, when the taker holds something already: so it
/// may be repeated.
public struct PlacementHandOver: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "placement"
    public static let name = "hand_over"
    public static let number: UInt16 = 8
    public static let since: UInt16 = 1
    public static let isIdempotent = true

    public var giver = ServerID.none
    public var taker = ServerID.none
    public var provider = ProviderID.none
    /// Whether what the taker held is given back.
    public var replaces = false

    public init() {}
    public init(from giver: ServerID, to taker: ServerID, on provider: ProviderID, replaces: Bool) {
        self.giver = giver
        self.taker = taker
        self.provider = provider
        self.replaces = replaces
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("giver", &giver)
        visitor.visit("taker", &taker)
        visitor.visit("provider", &provider)
        visitor.visit("replaces", &replaces)
    }
}
