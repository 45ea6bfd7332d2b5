import NovaCore
import NovaWire

/// What a kind of database does for a ``Connection``: one open session, used by one thread at a time.
protocol Session: AnyObject {
    /// Whether statements that write are refused.
    var isReadOnly: Bool { get set }
    /// Whether no transaction is open.
    var isAutocommit: Bool { get }
    /// Statements prepared so far; a cached one counts once.
    var prepared: Int { get }

    /// Runs one statement; says how many rows it inserted, updated or deleted.
    func execute(_ sql: String, _ values: [ColumnValue]) throws -> Int
    /// Runs one statement of a transaction that writes, not later than the next one or the end: what it throws may be thrown
    /// there.
    func post(_ sql: String, _ values: [ColumnValue]) throws
    /// Runs what was posted and has not run.
    func settle() throws
    /// Runs a query and gives its rows to the body, one by one, until that returns false.
    func query(_ sql: String, _ values: [ColumnValue], _ body: (Row) throws -> Bool) throws
    /// Says that the same query will be asked for before anything is changed, so that several may travel together.
    func expect(_ sql: String, _ values: [ColumnValue]) throws
    /// A closure begins: it has said nothing yet.
    func forgetExpected()
    /// Runs several statements without values, and ignores their rows.
    func script(_ sql: String) throws
    /// The database's clock.
    func now() throws -> Timestamp
    /// A number that differs after any change of the database, inside a transaction; nil where nobody can tell.
    func edition() throws -> Int64?

    /// Gives some of the space of deleted rows back to the disk, inside a transaction that writes.
    func reclaimSpace() throws

    // MARK: Schema

    /// Begins the transaction of a schema change: other processes that want one wait.
    func beginSchemaChange(_ schema: DatabaseSchema) throws
    /// What is there, inside the change.
    func schemaState(_ schema: DatabaseSchema) throws -> SchemaState
    /// Runs the SQL of a schema or a migration, inside the change.
    func apply(_ text: SchemaText) throws
    /// Notes whose database it is, and its version, inside the change.
    func mark(_ schema: DatabaseSchema) throws
    /// Ends the change.
    func commitSchemaChange() throws
}

/// A database in the same process has no way to save.
extension Session {
    func expect(_ sql: String, _ values: [ColumnValue]) throws {}
    func forgetExpected() {}
}

/// What a database says of itself before it is brought to a schema.
struct SchemaState: Equatable {
    /// 0 when it never had a schema.
    var version: Int
    /// Why it is not ours; nil when it is ours or has no version.
    var stranger: String?
}

/// A thread's work: serves a queue until that is closed and drained.
protocol Worker: Sendable {
    func loop()
}

/// Holds a worker as long as it works: when it ends its connection is closed at once.
///
/// Unchecked: touched by the worker's thread only, after it was handed over.
final class WorkerSlot: @unchecked Sendable {
    private var worker: (any Worker)?

    init(_ worker: any Worker) { self.worker = worker }

    func run() {
        worker?.loop()
        worker = nil
    }
}
