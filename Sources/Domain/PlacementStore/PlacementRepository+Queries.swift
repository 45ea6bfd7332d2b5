public import NovaCore
import NovaDatabase
public import NovaModel
import NovaWire

// What the scheduler's snapshot and the HTTP view read.
extension PlacementRepository {
    /// The providers that changed after a sequence number, with the number to ask with next time.
    ///
    /// 0, and a number that this database has not reached (it was restored), give all providers.
    public func snapshot(after: Int64) async throws -> (sequence: Int64, providers: [ProviderState]) {
        try await database.read { connection in
            let sequence = try connection.row("SELECT value FROM change_sequence") { try $0.int(0) } ?? 0
            let from: Int64 = after > sequence ? -1 : (after == 0 ? -1 : after)
            guard from < sequence else { return (sequence, []) }
            return (sequence, try Self.states(connection, "resource_providers.changed > ?", [from.column]))
        }
    }

    /// All providers, or those with a name or an id, ordered by name.
    public func providers(name: String? = nil, id: ProviderID? = nil) async throws -> [ProviderState] {
        try await database.scan { connection in
            var clauses = ["TRUE"]
            var values: [ColumnValue] = []
            if let name {
                clauses.append("resource_providers.name = ?")
                values.append(name.column)
            }
            if let id {
                clauses.append("resource_providers.provider_id = ?")
                values.append(id.column)
            }
            return try Self.states(connection, clauses.joined(separator: " AND "), values)
        }
    }

    /// One provider; throws `notFound`.
    public func provider(_ id: ProviderID) async throws -> ProviderState {
        try await database.read { try Self.state($0, id) }
    }

    /// What consumers use of a provider, with its state and their generations; throws `notFound`.
    public func allocations(
        of provider: ProviderID
    ) async throws -> (state: ProviderState, allocations: [Allocation], consumers: [ServerID: Consumer]) {
        try await database.scan { connection in
            let state = try Self.state(connection, provider)
            let found = try Self.allocations(connection, "provider_id = ?", [provider.column])
            let consumers = try connection.rows(
                """
                SELECT consumer_id, project_id, user_id, generation FROM consumers WHERE consumer_id IN
                (SELECT consumer_id FROM allocations WHERE provider_id = ?)
                """, [provider.column], Self.consumer)
            return (state, found, Dictionary(consumers.map { ($0.id, $0) }) { first, _ in first })
        }
    }

    /// What a consumer uses, whose it is, and the generations of the providers.
    public func allocations(
        of consumer: ServerID
    ) async throws -> (consumer: Consumer?, allocations: [Allocation], generations: [ProviderID: Int64]) {
        try await database.read { connection in
            let owner = try connection.row(
                "SELECT consumer_id, project_id, user_id, generation FROM consumers WHERE consumer_id = ?",
                [consumer.column], Self.consumer)
            let found = try Self.allocations(connection, "consumer_id = ?", [consumer.column])
            var generations: [ProviderID: Int64] = [:]
            for provider in Set(found.map(\.providerID)) {
                generations[provider] = try Self.state(connection, provider).generation
            }
            return (owner, found, generations)
        }
    }

    /// The use of each class by a project, or by one user of it, and how many consumers there are.
    public func usages(project: ProjectID, user: UserID? = nil) async throws -> (
        used: [ResourceAmount], consumers: Int64
    ) {
        try await database.scan { connection in
            let clause = "project_id = ?" + (user == nil ? "" : " AND user_id = ?")
            let values = [project.column] + (user.map { [$0.column] } ?? [])
            let used = try connection.rows(
                """
                SELECT resource_class, CAST(sum(used) AS BIGINT) FROM allocations JOIN consumers USING (consumer_id)
                WHERE \(clause) GROUP BY resource_class ORDER BY resource_class
                """, values
            ) { ResourceAmount(try $0.text(0), try $0.int(1)) }
            let count = try connection.row("SELECT count(*) FROM consumers WHERE \(clause)", values) { try $0.int(0) }
            return (used, count ?? 0)
        }
    }

    private static func consumer(_ row: Row) throws -> Consumer {
        Consumer(
            id: try row.field(0), projectID: try row.field(1), userID: try row.field(2), generation: try row.int(3))
    }

    /// Providers with inventories and use: two statements, however many there are.
    private static func states(
        _ connection: Connection, _ clause: String, _ values: [ColumnValue]
    ) throws -> [ProviderState] {
        var inventories: [ProviderID: [Inventory]] = [:]
        let found = try connection.rows(
            """
            SELECT provider_id, resource_class, total, reserved, allocation_ratio,
                coalesce(used, 0)
            FROM inventories JOIN resource_providers USING (provider_id)
            LEFT JOIN usages USING (provider_id, resource_class) WHERE \(clause) ORDER BY resource_class
            """, values
        ) { (try $0.field(0, as: ProviderID.self), try inventory($0, from: 1)) }
        for (provider, inventory) in found { inventories[provider, default: []].append(inventory) }
        return try connection.rows(
            "SELECT provider_id, name, generation FROM resource_providers WHERE \(clause) ORDER BY name", values
        ) { row in
            var state = ProviderState()
            state.providerID = try row.field(0)
            state.name = try row.text(1)
            state.generation = try row.int(2)
            state.inventories = inventories[state.providerID] ?? []
            return state
        }
    }
}
