import NovaCore

/// How long a host runs, in the words of the command `uptime`.
enum UptimeText {
    /// ` 13:05:33 up 2 days,  3:04`; nil when nobody knows.
    static func of(_ booted: Timestamp?, now: Timestamp = .now()) -> String? {
        guard let booted else { return nil }
        let minutes = max(0, now.microseconds &- booted.microseconds) / 60_000_000
        let (days, rest) = (minutes / 1440, minutes % 1440)
        let (hours, minute) = (rest / 60, rest % 60)
        let part = days == 0 ? "" : "\(days) \(days == 1 ? "day" : "days"), "
        let clock = hours == 0 ? "\(minute) min" : "\(hours < 10 ? " " : "")\(hours):\(minute < 10 ? "0" : "")\(minute)"
        return " \(now.iso8601.dropFirst(11).prefix(8)) up \(part)\(clock)"
    }
}
