import Synchronization

/// What a database has done since it was opened.
public struct DatabaseStatistics: Sendable, Equatable {
    /// Transactions committed by the writer.
    public var commits = 0
    /// Closures of ``Database/write(_:)`` that were committed.
    public var writes = 0
    /// Closures of ``Database/write(_:)`` that threw or whose commit failed.
    public var failedWrites = 0
    public var reads = 0
    /// Closures that were run again, as their transaction met another one or lost its connection.
    public var retries = 0
    /// Connections made anew after one was lost.
    public var reconnects = 0
    /// Statements prepared by the writer; a cached one counts once.
    public var prepared = 0
    /// Closures that wait for the writer now.
    public var waitingWrites = 0
    /// The longest that a caller of ``Database/write(_:)`` has waited for its end, well or not.
    public var longestWrite = Duration.zero

    public init() {}
}

/// The counts of a database's threads.
final class Tally: Sendable {
    private let statistics = Mutex(DatabaseStatistics())

    var current: DatabaseStatistics { statistics.withLock { $0 } }
    func change(_ body: (inout DatabaseStatistics) -> Void) { statistics.withLock { body(&$0) } }
}
