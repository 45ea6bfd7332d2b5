/// A monotonic point in time by which a wait ends.
///
/// It travels between processes as remaining time.
public struct Deadline: Sendable, Comparable {
    public let instant: ContinuousClock.Instant

    public init(_ instant: ContinuousClock.Instant) { self.instant = instant }

    /// The deadline that lies this far ahead.
    public static func after(_ duration: Duration) -> Deadline { Deadline(SteadyClock.now + duration) }

    /// The time left, zero once it has passed.
    public var remaining: Duration { max(.zero, instant - SteadyClock.now) }
    /// The time left in whole milliseconds, zero once it has passed.
    public var remainingMilliseconds: Int64 { remaining.milliseconds }
    public var hasPassed: Bool { instant <= SteadyClock.now }

    public static func < (a: Deadline, b: Deadline) -> Bool { a.instant < b.instant }

    /// Runs an operation; when it is still running at the deadline it is cancelled and `timeout` is thrown.
    ///
    /// The operation must end soon after its task is cancelled, as all of ours do.
    public func bound<T: Sendable>(
        _ action: @autoclosure @Sendable @escaping () -> String,
        _ operation: @Sendable @escaping () async throws -> T
    ) async throws -> T {
        try await withThrowingTaskGroup(of: T?.self) { group in
            group.addTask { try await operation() }
            group.addTask { [instant] in
                try await SteadyClock.sleep(until: instant)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let value = first else {
                throw NovaError(.timeout, "The operation did not finish in time.", details: action())
            }
            return value
        }
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    public var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
    /// Whole microseconds, rounded down.
    public var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
    /// Seconds with fraction.
    public var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
