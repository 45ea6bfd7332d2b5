/// The monotonic clock by which our services wait and measure; in a simulation it is virtual.
///
/// What runs in a simulation asks this one and ``Timestamp/now()``, never `ContinuousClock` or `Task.sleep`.
public enum SteadyClock {
    public static var now: ContinuousClock.Instant {
        #if DEBUG
        if let time = VirtualTime.current { return time.now }
        #endif
        return .now
    }

    /// Waits for a time.
    ///
    /// - Throws: `CancellationError`, early, when the task is cancelled.
    public static func sleep(for duration: Duration) async throws {
        #if DEBUG
        if let time = VirtualTime.current { return try await time.sleep(until: time.now + duration) }
        #endif
        try await Task.sleep(for: duration)
    }

    /// Waits until a moment.
    ///
    /// - Throws: `CancellationError`, early, when the task is cancelled.
    public static func sleep(until instant: ContinuousClock.Instant) async throws {
        #if DEBUG
        if let time = VirtualTime.current { return try await time.sleep(until: instant) }
        #endif
        try await Task.sleep(until: instant, clock: .continuous)
    }
}
