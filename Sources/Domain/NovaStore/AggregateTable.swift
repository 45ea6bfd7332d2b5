public import NovaCore
public import NovaDatabase
public import NovaModel
import NovaWire

/// Host aggregates, inside one transaction.
public struct AggregateTable {
    private let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    /// All aggregates, in the order in which they were made.
    public func list() throws -> [Aggregate] {
        try connection.records(Aggregate.self, from: "aggregates", suffix: "ORDER BY sequence")
    }

    public func find(_ sequence: Int64) throws -> Aggregate? {
        try connection.record(Aggregate.self, from: "aggregates", where: "sequence = ?", [.integer(sequence)])
    }

    /// The zones that aggregates give to hosts.
    public func zones() throws -> ZoneMap { ZoneMap(try list()) }

    /// Adds an aggregate with a number of its own.
    ///
    /// - Throws: `conflict` when its name is taken.
    public func insert(_ aggregate: inout Aggregate) throws {
        aggregate.sequence = try takeTurn(increment: 1)
        try connection.insert(aggregate, into: "aggregates")
    }

    /// Changes an aggregate; the body gets it as it is now, and all others.
    ///
    /// Changes go one after the other, since a host's zone rests on all aggregates.
    ///
    /// - Returns: the changed aggregate, nil when there is none of this number.
    public func change(
        _ sequence: Int64, at time: Timestamp = .now(), _ body: (inout Aggregate, [Aggregate]) throws -> Void
    ) throws -> Aggregate? {
        _ = try takeTurn(increment: 0)
        let all = try list()
        guard var aggregate = all.first(where: { $0.sequence == sequence }) else { return nil }
        try body(&aggregate, all.filter { $0.sequence != sequence })
        aggregate.updatedAt = time
        try connection.update(aggregate, in: "aggregates", key: "sequence")
        return aggregate
    }

    /// Removes an aggregate.
    public func delete(_ sequence: Int64) throws {
        _ = try takeTurn(increment: 0)
        try connection.execute("DELETE FROM aggregates WHERE sequence = ?", [.integer(sequence)])
    }

    /// Writes the row that every change of aggregates writes.
    private func takeTurn(increment: Int64) throws -> Int64 {
        try connection.execute("UPDATE aggregate_sequence SET last = last + ?", [.integer(increment)])
        return try connection.row("SELECT last FROM aggregate_sequence") { try $0.int(0) } ?? 1
    }
}
