import Logging
import NovaCore
import NovaTelemetry

/// The waiting line before one sink: bounded, so that a sink that stands still costs no memory and holds up nobody.
///
/// What finds the line full is lost, as is what a sink has not taken after some tries; both are counted.
final class NotificationLine: Sendable {
    /// How hard a sink is tried.
    struct Effort: Sendable {
        /// How many notifications wait at most.
        var limit = 1000
        /// The time for one try.
        var timeout = Duration.seconds(5)
        var tries = 3
        /// Before the second try; then twice as long each time.
        var pause = Duration.milliseconds(500)
    }

    private let sink: any NotificationSink
    private let effort: Effort
    private let log: Logger
    private let waiting: AsyncStream<Notification>
    private let entry: AsyncStream<Notification>.Continuation
    private let sent: Counter
    private let overflowed: Counter
    private let refused: Counter

    init(_ sink: any NotificationSink, _ effort: Effort, _ metrics: MetricsRegistry, _ log: Logger) {
        self.sink = sink
        self.effort = effort
        self.log = log
        (waiting, entry) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(max(1, effort.limit)))
        func lost(_ cause: String) -> Counter {
            metrics.counter(
                "nova_notifications_lost_total", help: "Notifications that a sink did not get.",
                labels: ["sink": sink.name, "cause": cause])
        }
        sent = metrics.counter(
            "nova_notifications_sent_total", help: "Notifications that a sink took.", labels: ["sink": sink.name])
        overflowed = lost("queue_full")
        refused = lost("not_taken")
    }

    /// Puts a notification in; never waits.
    func put(_ notification: Notification) {
        if case .dropped = entry.yield(notification) { overflowed.inc() }
    }

    /// No more are put in: ``run()`` ends when those that wait are done.
    func finish() { entry.finish() }

    /// Hands over one after the other until ``finish()``, or until cancelled.
    func run() async {
        for await notification in waiting {
            if await isTaken(notification) { sent.inc() } else { refused.inc() }
        }
    }

    private func isTaken(_ notification: Notification) async -> Bool {
        var pause = effort.pause
        for number in 1...max(1, effort.tries) {
            do {
                try await Deadline.after(effort.timeout).bound("notify \(self.sink.name)") { [sink] in
                    try await sink.take(notification)
                }
                return true
            } catch {
                guard number < effort.tries, !Task.isCancelled else {
                    log.warning(
                        "a notification is lost: \(NovaError(error))",
                        metadata: ["sink": "\(sink.name)", "event": "\(notification.eventType)"])
                    return false
                }
                // Cancelled: the next try is the last.
                try? await SteadyClock.sleep(for: pause)
                pause *= 2
            }
        }
        return false
    }
}
