public import NovaCore

extension Connection {
    /// The database's own clock.
    ///
    /// Whatever several processes compare (leases, pauses, ages) is measured by it, as their own clocks may differ.
    public func now() throws -> Timestamp {
        // SQLite counts time in milliseconds.
        let milliseconds = try row(
            "SELECT CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)"
        ) { try $0.int(0) }
        guard let milliseconds else {
            throw NovaError(.internal, "A database statement failed.", details: "the database told no time")
        }
        return Timestamp(microseconds: milliseconds &* 1000)
    }
}
