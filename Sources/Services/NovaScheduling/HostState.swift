public import NovaCore
public import NovaModel

/// A host as the scheduler sees it.
///
/// Immutable, so that one list serves many decisions at once without copies; a change makes a new one.
public final class HostState: Sendable {
    /// One resource class: how much may be used and how much is.
    public struct Amount: Sendable, Equatable {
        public let capacity: Int64
        public let used: Int64
        public var free: Int64 { capacity - used }

        public init(capacity: Int64 = 0, used: Int64 = 0) {
            self.capacity = capacity
            self.used = used
        }
    }

    public let record: HostRecord
    /// Whether somebody serves the host's queue.
    public let isAlive: Bool
    /// The inventories as placement has them; empty until it knows the host.
    public let inventories: [Inventory]
    public let cpu: Amount
    /// In MiB.
    public let memory: Amount
    /// In GiB.
    public let disk: Amount
    /// Operations in progress that load its disks and network.
    public let ioOperations: Int64
    /// Builds that failed there of late.
    public let failedBuilds: Int64
    /// The aggregates that it belongs to.
    public let aggregates: [Aggregate]
    /// The availability zone that an aggregate gives it, else its own.
    public let zone: String

    public init(
        _ record: HostRecord, inventories: [Inventory], isAlive: Bool, ioOperations: Int64 = 0, failedBuilds: Int64 = 0,
        aggregates: [Aggregate] = []
    ) {
        self.record = record
        self.inventories = inventories
        self.isAlive = isAlive
        self.ioOperations = ioOperations
        self.failedBuilds = failedBuilds
        self.aggregates = aggregates
        zone = aggregates.lazy.compactMap(\.zone).first ?? record.resources.availabilityZone
        func amount(_ name: String) -> Amount {
            guard let found = inventories.first(where: { $0.resourceClass == name }) else { return Amount() }
            return Amount(capacity: found.capacity, used: found.used)
        }
        cpu = amount("VCPU")
        memory = amount("MEMORY_MB")
        disk = amount("DISK_GB")
    }

    /// The values that aggregates of the host have for a metadata key.
    public func metadata(_ key: String) -> [String] { aggregates.compactMap { $0.metadata[key] } }

    /// What hardware it can give guests, read anew each time, as few requests ask; nil when it does not say.
    public var abilities: HostAbilities? { HostAbilities(record.resources.abilities) }

    public var host: String { record.resources.host }
    public var providerID: ProviderID { record.resources.providerID }

    /// The host as the answer names it.
    public var selection: Selection {
        var selection = Selection()
        selection.host = record.resources.host
        selection.node = record.resources.node
        selection.providerID = record.resources.providerID
        return selection
    }
}
