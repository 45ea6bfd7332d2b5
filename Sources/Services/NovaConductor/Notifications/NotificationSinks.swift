import Glibc
import NovaCore
import NovaHTTPClient
import NovaInterfaces
import NovaProcess
import NovaRPC

/// Appends each notification as one line to a file.
///
/// The file is opened for each, so that it may be moved away at any time.
struct NotificationFile: NotificationSink {
    let name = "file"
    let path: String
    let threads = WorkerThreads(name: "notify", count: 1)

    func take(_ notification: Notification) async throws {
        let line = notification.json + [UInt8(ascii: "\n")]
        try await threads.run { [path] in
            let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
            guard file >= 0 else { throw Self.failure("open", path) }
            defer { close(file) }
            // One call: lines of several conductors stay whole.
            guard write(file, line, line.count) == line.count else { throw Self.failure("write", path) }
        }
    }

    private static func failure(_ action: String, _ path: String) -> NovaError {
        NovaError(
            .unavailable, "Notifications cannot be written.",
            details: "\(action) \(path): \(String(cString: strerror(errno)))")
    }
}

/// Posts each notification to a URL.
struct NotificationWebhook: NotificationSink {
    let name = "webhook"
    let url: String
    let client: HTTPClient
    let timeout: Duration

    func take(_ notification: Notification) async throws {
        let response = try await client.request(
            "POST", url,
            headers: [("Content-Type", "application/json"), ("X-Nova-Event", notification.eventType)],
            body: notification.json, timeout: timeout, limit: 65_536)
        guard (200..<300).contains(response.status) else {
            throw NovaError(
                .unavailable, "The receiver of notifications refused one.", details: "HTTP status \(response.status)")
        }
    }
}

/// Sends each notification to all who listen on the queue.
struct NotificationFanout: NotificationSink {
    let name = "queue"
    let bus: RPCBus

    func take(_ notification: Notification) async throws {
        try await bus.fanout(
            Notify(notification.eventType, json: notification.json), topic: Notify.topic,
            context: RequestContext(requestID: notification.requestID))
    }
}
