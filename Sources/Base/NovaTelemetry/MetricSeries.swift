import NovaCore
import Synchronization

/// A number that only grows: requests served, bytes sent.
public final class Counter: Sendable {
    private let total = Atomic<Int64>(0)

    /// A counter that no registry shows, for tests and as a stand-in.
    public init() {}

    /// Adds to the number; amounts below zero are ignored.
    public func inc(by amount: Int = 1) {
        guard amount > 0 else { return }
        total.wrappingAdd(Int64(amount), ordering: .relaxed)
    }

    public var value: Int64 { total.load(ordering: .relaxed) }
}

/// A number that goes up and down: open connections, free places.
public final class Gauge: Sendable {
    private let bits = Atomic<UInt64>(0)

    /// A gauge that no registry shows, for tests and as a stand-in.
    public init() {}

    public func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    public func set(_ value: Int) { set(Double(value)) }
    public func inc(by amount: Double = 1) { add(amount) }
    public func dec(by amount: Double = 1) { add(-amount) }

    public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    private func add(_ amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (done, seen) = bits.compareExchange(expected: old, desired: new, ordering: .relaxed)
            if done { return }
            old = seen
        }
    }
}

/// A distribution of observations, in seconds unless its name says otherwise.
public final class Histogram: Sendable {
    /// Bounds for times from half a millisecond to a minute, in seconds.
    public static let timeBounds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    /// What was seen so far.
    struct Observations: Sendable {
        /// One per bound and one for everything above; not cumulative.
        var counts: [Int64]
        var sum = 0.0
    }

    let bounds: [Double]
    private let seen: Mutex<Observations>

    /// A histogram that no registry shows, for tests and as a stand-in.
    public init(bounds: [Double] = Histogram.timeBounds) {
        let sorted = bounds.filter { $0.isFinite }.sorted()
        self.bounds = sorted
        seen = Mutex(Observations(counts: Array(repeating: 0, count: sorted.count + 1)))
    }

    public func observe(_ value: Double) {
        guard value.isFinite else { return }
        let slot = bounds.firstIndex { value <= $0 } ?? bounds.count
        seen.withLock {
            $0.counts[slot] += 1
            $0.sum += value
        }
    }

    public func observe(_ duration: Duration) { observe(duration.seconds) }

    /// How many observations there were.
    public var count: Int64 { observations.counts.reduce(0, +) }

    var observations: Observations { seen.withLock { $0 } }
}
