import Glibc

/// Clocks and statistics of the measurements.
enum Measure {
    /// CPU time of this thread in nanoseconds.
    static func threadCPU() -> Double { nanoseconds(CLOCK_THREAD_CPUTIME_ID) }
    /// CPU time of all threads of this process in nanoseconds.
    static func processCPU() -> Double { nanoseconds(CLOCK_PROCESS_CPUTIME_ID) }
    /// Monotonic time in nanoseconds.
    static func wall() -> Double { nanoseconds(CLOCK_MONOTONIC) }

    private static func nanoseconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    /// The thread's CPU time for one run of the body, in nanoseconds, over so many runs after a tenth as warm-up.
    static func perRun(_ count: Int, _ body: () throws -> Void) rethrows -> Double {
        for _ in 0..<count / 10 { try body() }
        let start = threadCPU()
        for _ in 0..<count { try body() }
        return (threadCPU() - start) / Double(count)
    }

    /// Keeps a value from being optimised away.
    @inline(never)
    static func keep<T>(_ value: T) { withExtendedLifetime(value) {} }

    /// The value below which this part of the sorted values lies.
    static func percentile(_ sorted: [Double], _ part: Double) -> Double {
        guard !sorted.isEmpty else { return 0 }
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))]
    }
}
