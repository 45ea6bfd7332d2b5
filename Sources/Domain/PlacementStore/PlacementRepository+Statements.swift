import NovaCore
import NovaDatabase
import NovaModel
import NovaWire

// The statements inside the transactions.
extension PlacementRepository {
    static func isCurrent(
        _ connection: Connection, _ provider: ProviderID, _ name: String, _ inventories: [Inventory]
    ) throws -> Bool {
        let known = try connection.row(
            "SELECT name FROM resource_providers WHERE provider_id = ?", [provider.column]
        ) { try $0.text(0) }
        guard known == name else { return false }
        let stored = try self.inventories(connection, provider).map { Self.withoutUse($0) }
        return stored == inventories.map { Self.withoutUse($0) }.sorted { $0.resourceClass < $1.resourceClass }
    }

    private static func withoutUse(_ inventory: Inventory) -> Inventory {
        var plain = inventory
        plain.used = 0
        return plain
    }

    static func save(
        _ connection: Connection, _ provider: ProviderID, _ name: String, _ inventories: [Inventory]
    ) throws {
        do {
            try connection.execute(
                """
                INSERT INTO resource_providers (provider_id, name, generation, changed) VALUES (?, ?, 0, 0)
                ON CONFLICT (provider_id) DO UPDATE SET name = excluded.name
                """, [provider.column, name.column])
        } catch let error as NovaError where error.code == .conflict {
            throw NovaError(
                .conflict, "Another resource provider has the name \(name).",
                details: "Delete the old host first if this one replaces it. \(error.details)")
        }
        try connection.execute("DELETE FROM inventories WHERE provider_id = ?", [provider.column])
        for inventory in inventories {
            try connection.execute(
                """
                INSERT INTO inventories (provider_id, resource_class, total, reserved, allocation_ratio)
                VALUES (?, ?, ?, ?, ?)
                """,
                [
                    provider.column, inventory.resourceClass.column, inventory.total.column, inventory.reserved.column,
                    inventory.allocationRatio.column,
                ])
        }
        try touch(connection, provider)
    }

    /// Marks a provider as changed: its generation grows and snapshots include it.
    static func touch(_ connection: Connection, _ provider: ProviderID) throws {
        try connection.post("UPDATE change_sequence SET value = value + 1")
        try connection.post(
            """
            UPDATE resource_providers
            SET generation = generation + 1, changed = (SELECT value FROM change_sequence) WHERE provider_id = ?
            """, [provider.column])
    }

    /// What a provider is once it has lent what is wanted.
    ///
    /// - Throws: `conflict` when it has not as much.
    static func lend(
        _ connection: Connection, _ provider: ProviderID, _ wanted: [String: Int64]
    ) throws -> ProviderState {
        var state = try state(connection, provider)
        for (resourceClass, amount) in wanted.sorted(by: { $0.key < $1.key }) {
            guard let index = state.inventories.firstIndex(where: { $0.resourceClass == resourceClass }) else {
                throw NovaError(.conflict, "The resource provider has no \(resourceClass).", details: state.name)
            }
            let inventory = state.inventories[index]
            let (used, overflow) = inventory.used.addingReportingOverflow(amount)
            guard !overflow, used <= inventory.capacity else {
                throw NovaError(
                    .conflict, "The resource provider has not enough free \(resourceClass).",
                    details: "\(state.name): \(inventory.used) of \(inventory.capacity) used, \(amount) wanted")
            }
            state.inventories[index].used = used
        }
        return state
    }

    static func write(
        _ connection: Connection, _ consumer: ServerID, _ provider: ProviderID, _ wanted: [String: Int64],
        _ project: ProjectID, _ user: UserID
    ) throws {
        try connection.post(
            """
            INSERT INTO consumers (consumer_id, project_id, user_id, generation) VALUES (?, ?, ?, 1)
            ON CONFLICT (consumer_id) DO UPDATE
            SET project_id = excluded.project_id, user_id = excluded.user_id, generation = consumers.generation + 1
            """, [consumer.column, project.column, user.column])
        let amounts = wanted.sorted { $0.key < $1.key }.map { (resourceClass: $0.key, used: $0.value) }
        try insert(connection, amounts, of: consumer, on: provider)
    }

    /// Adds what a consumer holds of a provider, by one statement.
    static func insert(
        _ connection: Connection, _ amounts: [(resourceClass: String, used: Int64)], of consumer: ServerID,
        on provider: ProviderID
    ) throws {
        guard !amounts.isEmpty else { return }
        try connection.post(
            """
            INSERT INTO allocations (consumer_id, provider_id, resource_class, used)
            VALUES \(repeatElement("(?, ?, ?, ?)", count: amounts.count).joined(separator: ", "))
            """, amounts.flatMap { [consumer.column, provider.column, $0.resourceClass.column, $0.used.column] })
    }

    /// Says that ``state(_:_:)`` follows.
    static func expectState(_ connection: Connection, _ provider: ProviderID) throws {
        try connection.expect(providerByID, [provider.column])
        try connection.expect(inventoriesOfProvider, [provider.column])
    }

    private static let providerByID = "SELECT name, generation FROM resource_providers WHERE provider_id = ?"

    static func state(_ connection: Connection, _ provider: ProviderID) throws -> ProviderState {
        try expectState(connection, provider)
        let found = try connection.row(providerByID, [provider.column]) { row in
            var state = ProviderState()
            state.providerID = provider
            state.name = try row.text(0)
            state.generation = try row.int(1)
            return state
        }
        guard var state = found else {
            throw NovaError(.notFound, "No resource provider with uuid \(provider) found")
        }
        state.inventories = try inventories(connection, provider)
        return state
    }

    /// The inventories of a provider with their use, ordered by class.
    static func inventories(_ connection: Connection, _ provider: ProviderID) throws -> [Inventory] {
        try connection.rows(inventoriesOfProvider, [provider.column]) { try inventory($0, from: 0) }
    }

    private static let inventoriesOfProvider = """
        SELECT resource_class, total, reserved, allocation_ratio, coalesce(used, 0)
        FROM inventories LEFT JOIN usages USING (provider_id, resource_class)
        WHERE provider_id = ? ORDER BY resource_class
        """

    static func inventory(_ row: Row, from index: Int) throws -> Inventory {
        Inventory(
            try row.text(index), total: try row.int(index + 1), reserved: try row.int(index + 2),
            ratio: try row.double(index + 3), used: try row.int(index + 4))
    }

    static func allocations(_ connection: Connection, _ clause: String, _ values: [ColumnValue]) throws -> [Allocation]
    {
        try connection.rows(
            """
            SELECT consumer_id, provider_id, resource_class, used FROM allocations
            WHERE \(clause) ORDER BY consumer_id, provider_id, resource_class
            """, values
        ) { row in
            Allocation(
                consumer: try row.field(0), providerID: try row.field(1), resourceClass: try row.text(2),
                used: try row.int(3))
        }
    }
}
