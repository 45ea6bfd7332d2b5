public import Logging
public import NovaCore
import Synchronization

/// The databases that a process has open: its services with the same data share one.
///
/// The changes of all of them are then committed together, and what the writer has read stays good: SQLite forgets the
/// pages that a connection holds after each commit of another one.
public final class OpenDatabases: Sendable {
    private let databases = Mutex<[(address: DatabaseAddress, database: Database)]>([])

    public init() {}

    /// Opens a database, or gives the one that is open already; each caller closes it.
    ///
    /// Blocks the caller, and others who open one, meanwhile.
    ///
    /// - Parameter opened: gets a database that was not open, before anybody uses it.
    /// - Throws: as ``Database/init(_:schema:log:)``.
    public func open(
        _ address: DatabaseAddress, schema: DatabaseSchema, log: Logger, opened: (Database) -> Void = { _ in }
    ) throws -> Database {
        try databases.withLock { databases in
            if let known = databases.first(where: { $0.address == address }), known.database.join() {
                return known.database
            }
            let database = try Database(address, schema: schema, log: log)
            opened(database)
            databases.removeAll { $0.address == address }
            databases.append((address, database))
            return database
        }
    }
}
