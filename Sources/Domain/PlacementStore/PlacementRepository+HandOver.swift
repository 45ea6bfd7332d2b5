public import NovaCore
import NovaDatabase
import NovaWire

extension PlacementRepository {
    /// Gives all that one consumer holds of a provider to another.
    ///
    /// - Parameter replacing: whether what the other held is given back; else one that holds something keeps it, and
    ///   nothing happens.
    public func handOver(
        from giver: ServerID, to taker: ServerID, on provider: ProviderID, replacing: Bool
    ) async throws {
        guard giver != .none, taker != .none, giver != taker else {
            throw NovaError(.badRequest, "Resources go from one consumer to another.")
        }
        try await database.write { connection in
            let given = try Self.allocations(
                connection, "consumer_id = ? AND provider_id = ?", [giver.column, provider.column])
            let held = try Self.allocations(connection, "consumer_id = ?", [taker.column])
            guard !given.isEmpty, held.isEmpty || replacing else { return }
            try connection.execute("DELETE FROM allocations WHERE consumer_id = ?", [taker.column])
            try connection.execute(
                """
                INSERT INTO consumers (consumer_id, project_id, user_id, generation)
                SELECT ?, project_id, user_id, 1 FROM consumers WHERE consumer_id = ?
                ON CONFLICT (consumer_id) DO UPDATE SET generation = consumers.generation + 1
                """, [taker.column, giver.column])
            try connection.execute(
                "DELETE FROM allocations WHERE consumer_id = ? AND provider_id = ?", [giver.column, provider.column])
            try connection.execute(
                """
                DELETE FROM consumers WHERE consumer_id = ?1
                AND NOT EXISTS (SELECT 1 FROM allocations WHERE consumer_id = ?1)
                """, [giver.column])
            try Self.insert(connection, given.map { ($0.resourceClass, $0.used) }, of: taker, on: provider)
            for provider in Set((given + held).map(\.providerID)) { try Self.touch(connection, provider) }
        }
    }
}
