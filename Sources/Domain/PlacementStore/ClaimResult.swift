public import NovaModel

/// Where a claim is after it was asked for.
public struct ClaimResult: Sendable, Equatable {
    /// The provider that holds it, with inventories and usage after the claim.
    public let state: ProviderState
    /// False when an earlier claim of the consumer was found and kept.
    public let isNew: Bool
}
