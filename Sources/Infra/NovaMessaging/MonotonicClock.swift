import Glibc
import NovaCore

/// The monotonic clock as the loops read it, and as they wait by it.
enum MonotonicClock {
    static func milliseconds() -> Int64 {
        #if DEBUG
        if let time = VirtualTime.current { return time.milliseconds }
        #endif
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec) / 1_000_000
    }

    /// Waits until a descriptor is ready, and for so many milliseconds at most.
    ///
    /// - Parameter wake: one of the descriptors, by which virtual time ends a wait.
    static func poll(_ items: inout [pollfd], atMost wait: Int64, wake: WakeDescriptor) -> Int32 {
        #if DEBUG
        if wait > 0, let time = VirtualTime.current {
            return time.waiting(.milliseconds(wait), wake: { wake.signal() }) {
                Glibc.poll(&items, nfds_t(items.count), 1000)
            }
        }
        #endif
        return Glibc.poll(&items, nfds_t(items.count), Int32(clamping: wait))
    }
}
