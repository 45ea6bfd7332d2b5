import Glibc

/// A point in time as UTC microseconds since 1970, the form in which the system stores time.
public struct Timestamp: Hashable, Sendable, Comparable {
    public var microseconds: Int64

    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// The wall clock's now.
    public static func now() -> Timestamp {
        #if DEBUG
        return (VirtualTime.current?.timestamp ?? machineNow()).adding(ClockSkew.current)
        #else
        return machineNow()
        #endif
    }

    private static func machineNow() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1000)
    }

    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }

    public func adding(seconds: Int64) -> Timestamp { Timestamp(microseconds: microseconds &+ seconds &* 1_000_000) }

    public func adding(_ duration: Duration) -> Timestamp {
        Timestamp(microseconds: microseconds &+ duration.microseconds)
    }

    /// The time from an earlier moment to this one.
    public func elapsed(since earlier: Timestamp) -> Duration {
        .microseconds(microseconds &- earlier.microseconds)
    }

    /// The forms that times have in bodies.
    public enum Form: Sendable {
        /// `2026-11-21T12:58:00Z`, as in the Compute API.
        case seconds
        /// `2026-11-21T12:58:00.000000`, as Nova's `launched_at` and its kin.
        case micro
        /// `2026-11-21T12:58:00.000000Z`, as in the Identity API.
        case microZ
    }
    /// The most bytes that a time has in any form.
    public static let longestText = 40

    /// The form ``Form/seconds``.
    public var iso8601: String { text(.seconds) }
    /// The form ``Form/micro``.
    public var iso8601Micro: String { text(.micro) }
    /// The form ``Form/microZ``.
    public var iso8601MicroZ: String { text(.microZ) }

    private func text(_ form: Form) -> String {
        String(unsafeUninitializedCapacity: Self.longestText) { buffer in
            buffer.baseAddress.map { write(form, to: $0) } ?? 0
        }
    }

    /// Writes a form of it where there is room for ``longestText`` bytes.
    ///
    /// - Returns: how many it has written.
    public func write(_ form: Form, to target: UnsafeMutablePointer<UInt8>) -> Int {
        // Rounded down, without a step that could overflow: a peer may say any number.
        var (seconds, fraction) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        if fraction < 0 {
            seconds -= 1
            fraction += 1_000_000
        }
        let (date, second) = Self.civil(seconds)
        // Digits one by one: lists show several times per row.
        var end = 0
        func add(_ value: Int64, _ width: Int, then separator: Unicode.Scalar?) {
            var rest = UInt64(clamping: value)
            for at in stride(from: end + width - 1, through: end, by: -1) {
                target[at] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
            end += width
            guard let separator else { return }
            target[end] = UInt8(ascii: separator)
            end += 1
        }
        add(date.year, date.year > 9_999 ? 6 : 4, then: "-")
        add(date.month, 2, then: "-")
        add(date.day, 2, then: "T")
        add(second / 3600, 2, then: ":")
        add(second / 60 % 60, 2, then: ":")
        switch form {
        case .seconds: add(second % 60, 2, then: "Z")
        case .micro, .microZ:
            add(second % 60, 2, then: ".")
            add(fraction, 6, then: form == .microZ ? "Z" : nil)
        }
        return end
    }

    /// The date of a time in seconds since 1970, and the second of its day.
    ///
    /// Reckoned here: the C library takes a lock for it that all threads share. Years are counted from March on, so that
    /// the day that not all of them have is their last.
    private static func civil(_ time: Int64) -> (date: (year: Int64, month: Int64, day: Int64), second: Int64) {
        var (days, second) = time.quotientAndRemainder(dividingBy: 86_400)
        if second < 0 {
            days -= 1
            second += 86_400
        }
        var (era, day) = (days + 719_468).quotientAndRemainder(dividingBy: 146_097)
        if day < 0 {
            era -= 1
            day += 146_097
        }
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * year + year / 4 - year / 100)
        let month = (5 * dayOfYear + 2) / 153
        let date = (
            year: year + era * 400 + (month < 10 ? 0 : 1), month: month < 10 ? month + 3 : month - 9,
            day: dayOfYear - (153 * month + 2) / 5 + 1
        )
        return (date, second)
    }

    /// Parses `YYYY-MM-DD[T ]HH:MM:SS[.f…][Z|±HH:MM]`; nil for other text.
    public init?(iso8601 text: String) {
        let bytes = Array(text.utf8)
        func number(_ start: Int, _ count: Int) -> Int? {
            guard start + count <= bytes.count else { return nil }
            var value = 0
            for byte in bytes[start..<start + count] {
                guard (48...57).contains(byte) else { return nil }
                value = value * 10 + Int(byte - 48)
            }
            return value
        }
        guard bytes.count >= 19, bytes[4] == 45, bytes[7] == 45, bytes[10] == 84 || bytes[10] == 32, bytes[13] == 58,
            bytes[16] == 58, let year = number(0, 4), let month = number(5, 2), let day = number(8, 2),
            let hour = number(11, 2), let minute = number(14, 2), let second = number(17, 2), (1...12).contains(month),
            (1...31).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        var parts = tm()
        parts.tm_year = Int32(year - 1900)
        parts.tm_mon = Int32(month - 1)
        parts.tm_mday = Int32(day)
        parts.tm_hour = Int32(hour)
        parts.tm_min = Int32(minute)
        parts.tm_sec = Int32(second)
        var micro: Int64 = 0
        var at = 19
        if at < bytes.count, bytes[at] == 46 {
            at += 1
            var scale: Int64 = 100_000
            let start = at
            while at < bytes.count, (48...57).contains(bytes[at]) {
                micro += Int64(bytes[at] - 48) * scale
                scale /= 10
                at += 1
            }
            guard at > start else { return nil }
        }
        var offset: Int64 = 0
        switch at < bytes.count ? bytes[at] : 0 {
        case 0: break
        case 90 where at + 1 == bytes.count: break
        case 43, 45:
            guard let hours = number(at + 1, 2), at + 6 == bytes.count, bytes[at + 3] == 58,
                let minutes = number(at + 4, 2)
            else { return nil }
            offset = Int64(hours * 3600 + minutes * 60) * (bytes[at] == 43 ? 1 : -1)
        default: return nil
        }
        self.init(microseconds: (Int64(timegm(&parts)) - offset) * 1_000_000 + micro)
    }
}

#if DEBUG
/// How far the wall clock is off for the code below; for tests of daemons whose clocks differ.
public enum ClockSkew {
    @TaskLocal public static var current = Duration.zero
}
#endif

extension Timestamp: CustomStringConvertible {
    public var description: String { iso8601MicroZ }
}
