public import NovaCore
import NovaDatabase
import NovaWire

/// All that one consumer holds, for reconcilers.
public struct Holding: Sendable, Equatable {
    public let consumer: ServerID
    /// Whether there is a row of the consumer beside its allocations.
    public let isKnown: Bool
    public let allocations: [Allocation]
}

/// A kept sum that is not the sum of its allocations.
public struct UsageError: Sendable, Equatable {
    public let provider: ProviderID
    public let resourceClass: String
    public let kept: Int64
    public let actual: Int64
}

// What reconcilers read and mend.
extension PlacementRepository {
    /// Consumers with what they hold, by id, from one on; also allocations of consumers that are not known.
    public func consumers(after id: ServerID, limit: Int64) async throws -> [Holding] {
        try await database.scan { connection in
            let ids = try connection.rows(
                """
                SELECT consumer_id FROM consumers WHERE consumer_id > ?
                UNION SELECT consumer_id FROM allocations WHERE consumer_id > ? ORDER BY consumer_id LIMIT ?
                """, [id.column, id.column, .integer(limit)]
            ) { try $0.field(0, as: ServerID.self) }
            guard let last = ids.last else { return [] }
            let range = [id.column, last.column]
            let held = Dictionary(
                grouping: try Self.allocations(connection, "consumer_id > ? AND consumer_id <= ?", range),
                by: \.consumer)
            let known = Set(
                try connection.rows(
                    "SELECT consumer_id FROM consumers WHERE consumer_id > ? AND consumer_id <= ?", range
                ) { try $0.field(0, as: ServerID.self) })
            return ids.map { Holding(consumer: $0, isKnown: known.contains($0), allocations: held[$0] ?? []) }
        }
    }

    /// Compares the kept sums with the allocations.
    public func usageDifferences(limit: Int64) async throws -> [UsageError] {
        try await database.scan { connection in
            try connection.rows(
                """
                SELECT provider_id, resource_class, CAST(sum(kept) AS BIGINT), CAST(sum(actual) AS BIGINT) FROM (
                    SELECT provider_id, resource_class, used AS kept, 0 AS actual FROM usages
                    UNION ALL SELECT provider_id, resource_class, 0 AS kept, used AS actual FROM allocations) AS sums
                GROUP BY provider_id, resource_class HAVING sum(kept) <> sum(actual)
                ORDER BY provider_id, resource_class LIMIT ?
                """, [.integer(limit)]
            ) { row in
                UsageError(
                    provider: try row.field(0), resourceClass: try row.text(1), kept: try row.int(2),
                    actual: try row.int(3))
            }
        }
    }

    /// Sums a provider's allocations anew.
    public func recount(_ provider: ProviderID) async throws {
        try await database.write { connection in
            try connection.execute("DELETE FROM usages WHERE provider_id = ?", [provider.column])
            try connection.execute(
                """
                INSERT INTO usages (provider_id, resource_class, used)
                SELECT provider_id, resource_class, CAST(sum(used) AS BIGINT) FROM allocations WHERE provider_id = ?
                GROUP BY provider_id, resource_class
                """, [provider.column])
            try Self.touch(connection, provider)
        }
    }
}
