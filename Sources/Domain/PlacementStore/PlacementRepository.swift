public import NovaCore
public import NovaDatabase
public import NovaModel
import NovaWire

/// Reports, claims and releases: each call is one transaction, and never leaves a provider oversubscribed by a claim.
public struct PlacementRepository: Sendable {
    let database: Database

    /// A repository on a database with ``PlacementSchema``.
    public init(_ database: Database) { self.database = database }

    /// Takes what a provider has: adds it when it is new, changes it when something differs.
    ///
    /// - Returns: whether anything changed.
    /// - Throws: `badRequest` for impossible inventories, `conflict` when another provider has the name.
    @discardableResult
    public func report(_ provider: ProviderID, name: String, _ inventories: [Inventory]) async throws -> Bool {
        try Self.check(provider, name, inventories)
        // Most reports change nothing: those never reach the writer.
        if try await database.read({ try Self.isCurrent($0, provider, name, inventories) }) { return false }
        return try await database.write { connection in
            if try Self.isCurrent(connection, provider, name, inventories) { return false }
            try Self.save(connection, provider, name, inventories)
            return true
        }
    }

    /// Takes resources for a consumer, all or none.
    ///
    /// Repeating a claim changes nothing. A consumer that has a claim elsewhere keeps it unless `moving` is true; one
    /// with other amounts on the same provider gets the new amounts.
    ///
    /// - Throws: `conflict` when the resources are not there, `notFound` for an unknown provider.
    public func claim(
        _ consumer: ServerID, on provider: ProviderID, _ resources: [ResourceAmount], project: ProjectID, user: UserID,
        moving: Bool = false
    ) async throws -> ClaimResult {
        let wanted = try Self.amounts(resources)
        guard consumer != .none else { throw NovaError(.badRequest, "A claim needs a consumer.") }
        return try await database.write { connection in
            try Self.expectState(connection, provider)
            let held = try Self.allocations(connection, "consumer_id = ?", [consumer.column])
            if let first = held.first {
                let providers = Set(held.map(\.providerID))
                if !providers.contains(provider), !moving {
                    return ClaimResult(state: try Self.state(connection, first.providerID), isNew: false)
                }
                let here = held.filter { $0.providerID == provider }.map { ($0.resourceClass, $0.used) }
                if providers == [provider], Dictionary(here, uniquingKeysWith: &+) == wanted {
                    return ClaimResult(state: try Self.state(connection, provider), isNew: false)
                }
                try connection.execute("DELETE FROM allocations WHERE consumer_id = ?", [consumer.column])
                for other in providers where other != provider { try Self.touch(connection, other) }
            }
            var state = try Self.lend(connection, provider, wanted)
            try Self.write(connection, consumer, provider, wanted, project, user)
            try Self.touch(connection, provider)
            state.generation &+= 1
            return ClaimResult(state: state, isNew: true)
        }
    }

    /// Gives back all that a consumer has.
    ///
    /// - Returns: whether it had anything.
    @discardableResult
    public func release(_ consumer: ServerID) async throws -> Bool {
        try await database.write { connection in
            let held = try Self.allocations(connection, "consumer_id = ?", [consumer.column])
            try connection.post("DELETE FROM consumers WHERE consumer_id = ?", [consumer.column])
            for provider in Set(held.map(\.providerID)) { try Self.touch(connection, provider) }
            return !held.isEmpty
        }
    }

    private static func check(_ provider: ProviderID, _ name: String, _ inventories: [Inventory]) throws {
        guard provider != .none, (1...200).contains(name.utf8.count) else {
            throw NovaError(.badRequest, "A resource provider needs an id and a name of 1 to 200 characters.")
        }
        guard Set(inventories.map(\.resourceClass)).count == inventories.count else {
            throw NovaError(.badRequest, "An inventory names a resource class twice.")
        }
        for inventory in inventories {
            let range: ClosedRange<Int64> = 0...2_147_483_647
            guard range.contains(inventory.total), range.contains(inventory.reserved),
                inventory.allocationRatio > 0, inventory.allocationRatio.isFinite,
                (1...255).contains(inventory.resourceClass.utf8.count)
            else {
                throw NovaError(
                    .badRequest, "An inventory has values that are not possible.", details: inventory.debugText)
            }
        }
    }

    private static func amounts(_ resources: [ResourceAmount]) throws -> [String: Int64] {
        var amounts: [String: Int64] = [:]
        for resource in resources where resource.amount != 0 {
            guard (1...2_147_483_647).contains(resource.amount), amounts[resource.resourceClass] == nil else {
                throw NovaError(
                    .badRequest, "A claim's amounts must be positive and name each class once.",
                    details: resource.debugText)
            }
            amounts[resource.resourceClass] = resource.amount
        }
        guard !amounts.isEmpty else { throw NovaError(.badRequest, "A claim needs at least one resource.") }
        return amounts
    }
}
