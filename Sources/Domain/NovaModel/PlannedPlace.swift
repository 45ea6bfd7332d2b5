public import NovaCore
public import NovaWire

/// Where a server could go, as a scheduler sees it before anything is claimed.
public struct PlannedPlace: Record, Equatable {
    /// Nil when no host can take it.
    public var selection: Selection?
    /// Why no host can take it: what each filter has against which hosts.
    public var refusal = ""

    public init() {}
    public init(_ selection: Selection) { self.selection = selection }
    public init(refusal: String) { self.refusal = refusal }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("selection", &selection)
        visitor.visit("refusal", &refusal)
    }
}

/// What servers that are to come to a host will use there.
public struct PlannedLoad: Record, Equatable {
    public var providerID = ProviderID.none
    public var amounts: [ResourceAmount] = []

    public init() {}
    public init(_ providerID: ProviderID, _ amounts: [ResourceAmount]) {
        self.providerID = providerID
        self.amounts = amounts
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("provider_id", &providerID)
        visitor.visit("amounts", &amounts)
    }
}
