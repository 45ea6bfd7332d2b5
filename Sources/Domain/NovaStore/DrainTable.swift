public import NovaCore
public import NovaDatabase
import NovaModel
import NovaWire

/// Drains of hosts and their moves, inside one transaction.
public struct DrainTable {
    /// How many drains of a host that have ended are kept.
    public static let kept = 10

    let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    // MARK: Drains

    /// Adds a plan in the place of former ones of the host that nobody has started.
    public func insert(_ drain: DrainRecord, _ moves: [DrainMove]) throws {
        for id in try superseded(by: drain) { try delete(id) }
        try connection.insert(drain, into: "drains")
        for move in moves { try connection.insert(move, into: "drain_moves") }
    }

    /// Plans that were not started, and what ended long ago.
    private func superseded(by drain: DrainRecord) throws -> [DrainID] {
        let others = try list(host: drain.host, limit: 1000)
        return others.filter { $0.state == .planned }.map(\.id)
            + others.filter { $0.finishedAt != nil }.dropFirst(Self.kept).map(\.id)
    }

    public func delete(_ id: DrainID) throws {
        try connection.execute("DELETE FROM drain_moves WHERE drain_id = ?", [id.column])
        try connection.execute("DELETE FROM drains WHERE id = ?", [id.column])
    }

    public func find(_ id: DrainID) throws -> DrainRecord? {
        try connection.record(DrainRecord.self, from: "drains", where: "id = ?", [id.column])
    }

    /// Drains, newest first: of one host, or all.
    public func list(host: String?, limit: Int) throws -> [DrainRecord] {
        let values: [ColumnValue] = host.map { [.text($0)] } ?? []
        return try connection.records(
            DrainRecord.self, from: "drains", where: host == nil ? "TRUE" : "host = ?",
            values + [.integer(Int64(limit))], suffix: "ORDER BY created_at DESC, id LIMIT ?")
    }

    /// Those that somebody works on.
    public func active() throws -> [DrainRecord] {
        try connection.records(
            DrainRecord.self, from: "drains", where: "state IN ('running', 'stopping')", suffix: "ORDER BY id")
    }

    /// Those of a host that somebody works on.
    public func active(of host: String) throws -> [DrainRecord] { try active().filter { $0.host == host } }

    /// Brings a drain from one state to another; false when it was in a third one.
    public func change(_ id: DrainID, from: DrainRecord.State, to: DrainRecord.State) throws -> Bool {
        try connection.execute(
            """
            UPDATE drains SET state = ?3,
              started_at = CASE WHEN ?3 = 'running' THEN ?4 ELSE started_at END,
              finished_at = CASE WHEN ?3 IN ('done', 'stopped') THEN ?4 ELSE finished_at END
            WHERE id = ?1 AND state = ?2
            """, [id.column, from.column, to.column, try connection.now().column]) == 1
    }

    // MARK: Moves

    /// A drain's moves in the order of its plan.
    public func moves(of id: DrainID) throws -> [DrainMove] {
        try connection.records(
            DrainMove.self, from: "drain_moves", where: "drain_id = ?", [id.column], suffix: "ORDER BY position")
    }

    public func save(_ move: DrainMove) throws {
        try connection.upsert(move, into: "drain_moves", key: ["drain_id", "position"])
    }

    /// How many moves of each state there are.
    public func counts(of id: DrainID) throws -> DrainCounts {
        var counts = DrainCounts()
        let rows = try connection.rows(
            "SELECT state, count(*) FROM drain_moves WHERE drain_id = ? GROUP BY state", [id.column]
        ) { (try $0.field(0, as: DrainMove.State.self), try $0.int(1)) }
        for (state, count) in rows { counts.byState[state] = count }
        return counts
    }

    /// Moves under way whose workflow has come to the end that users see.
    public func arrived(of id: DrainID) throws -> [DrainMove] {
        try connection.records(
            DrainMove.self, from: "drain_moves",
            where: """
                drain_id = ? AND state IN ('moving', 'confirming') AND NOT EXISTS (
                    SELECT 1 FROM workflows WHERE workflows.id = drain_moves.workflow_id
                      AND workflows.finished_at IS NULL AND workflows.state <> 'owed')
                """, [id.column], suffix: "ORDER BY position")
    }

    /// Moves that may begin now: first those that were never tried.
    public func waiting(of id: DrainID, at now: Timestamp, limit: Int) throws -> [DrainMove] {
        try connection.records(
            DrainMove.self, from: "drain_moves", where: "drain_id = ? AND state = 'waiting' AND retry_at <= ?",
            [id.column, now.column, .integer(Int64(limit))], suffix: "ORDER BY attempts, position LIMIT ?")
    }

    /// How many moves have ended well since a time.
    public func moved(of id: DrainID, since time: Timestamp) throws -> Int {
        Int(
            try connection.row(
                "SELECT count(*) FROM drain_moves WHERE drain_id = ? AND state = 'moved' AND finished_at >= ?",
                [id.column, time.column]
            ) { try $0.int(0) } ?? 0)
    }

    /// The servers of a drain.
    public func servers(of id: DrainID) throws -> Set<ServerID> {
        Set(
            try connection.rows("SELECT server_id FROM drain_moves WHERE drain_id = ?", [id.column]) {
                try $0.field(0, as: ServerID.self)
            })
    }
}
