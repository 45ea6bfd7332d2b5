import NovaCore

/// A notification on its way.
struct Notification: Sendable {
    /// `instance.create.end`.
    var eventType: String
    var json: [UInt8]
    var requestID: String
}

/// Where notifications go.
protocol NotificationSink: Sendable {
    /// For metrics and logs: "file".
    var name: String { get }

    /// Hands one over; may be tried again.
    func take(_ notification: Notification) async throws
}
