import NovaConfig

/// The options `[notifications]`.
enum NotificationOptions {
    static let file = Option(
        "notifications", "file", default: "",
        help: "File that gets each notification as a line of JSON, relative to state_path; empty for none.")
    static let webhook = Option(
        "notifications", "webhook_url", default: "",
        help: "URL to which each notification is posted as JSON; empty for none.",
        expected: "empty, or a URL of http or https",
        accepts: { $0.isEmpty || $0.hasPrefix("http://") || $0.hasPrefix("https://") })
    static let fanout = Option(
        "notifications", "queue_fanout", default: false,
        help: "Send notifications to whoever listens to the topic notifications on the queue (role listener).")
    static let queueSize = Option(
        "notifications", "queue_size", default: 1000,
        help: "Notifications that may wait for each receiver; what comes when there are more is lost, and counted.",
        in: 1...1_000_000)
    static let timeout = Option(
        "notifications", "timeout", default: 5, help: "Seconds that a receiver has for one notification.", in: 1...300)
    static let tries = Option(
        "notifications", "tries", default: 3,
        help: "How often a notification is offered before it is lost, and counted.", in: 1...100)

    static var all: [any OptionDeclaration] { [file, webhook, fanout, queueSize, timeout, tries] }
}
