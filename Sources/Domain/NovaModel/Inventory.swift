public import NovaCore
public import NovaWire

/// One resource class of a provider (`spec/placement-api.md`).
public struct Inventory: Record, Equatable {
    /// `VCPU`, `MEMORY_MB`, `DISK_GB`.
    public var resourceClass = ""
    public var total: Int64 = 0
    public var reserved: Int64 = 0
    public var allocationRatio: Double = 1
    /// What allocations use now; not part of reports.
    public var used: Int64 = 0

    public init() {}
    public init(_ resourceClass: String, total: Int64, reserved: Int64 = 0, ratio: Double = 1, used: Int64 = 0) {
        self.resourceClass = resourceClass
        self.total = total
        self.reserved = reserved
        allocationRatio = ratio
        self.used = used
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("resource_class", &resourceClass)
        visitor.visit("total", &total)
        visitor.visit("reserved", &reserved)
        visitor.visit("allocation_ratio", &allocationRatio)
        visitor.visit("used", &used)
    }

    /// How much may be used in all.
    public var capacity: Int64 { Int64(max(0, min(9e18, Double(max(0, total - reserved)) * allocationRatio))) }
}

/// An amount of a resource class.
public struct ResourceAmount: Record, Equatable {
    public var resourceClass = ""
    public var amount: Int64 = 0

    public init() {}
    public init(_ resourceClass: String, _ amount: Int64) {
        self.resourceClass = resourceClass
        self.amount = amount
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("resource_class", &resourceClass)
        visitor.visit("amount", &amount)
    }

    /// What a server of this flavor claims.
    public static func of(_ flavor: Flavor) -> [ResourceAmount] {
        var amounts = [ResourceAmount("VCPU", flavor.vcpus), ResourceAmount("MEMORY_MB", flavor.memoryMB)]
        if flavor.diskGB > 0 { amounts.append(ResourceAmount("DISK_GB", flavor.diskGB)) }
        return amounts
    }
}

/// A provider with its inventories and their use.
public struct ProviderState: Record, Equatable {
    public var providerID = ProviderID.none
    public var name = ""
    public var generation: Int64 = 0
    public var inventories: [Inventory] = []

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("provider_id", &providerID)
        visitor.visit("name", &name)
        visitor.visit("generation", &generation)
        visitor.visit("inventories", &inventories)
    }
}
