import Synchronization

/// The last figures of a broker's loop, for other threads.
final class BrokerFigures: Sendable {
    private let statistics = Mutex(BrokerStatistics())

    var now: BrokerStatistics { statistics.withLock { $0 } }

    func set(_ now: BrokerStatistics) { statistics.withLock { $0 = now } }
}
