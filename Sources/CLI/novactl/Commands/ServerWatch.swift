import NovaCore
import NovaSchema

/// Waits for what becomes of a server, and tells progress on standard error.
struct ServerWatch: Sendable {
    let session: CloudSession
    /// Seconds.
    let limit: Int

    /// Returns when the server is active.
    ///
    /// - Throws: the server's fault when it fails; `timeout` at the limit.
    func untilActive(_ id: String) async throws {
        let server = try await until(id) { ["ACTIVE", "ERROR"].contains($0["status"]?.stringValue ?? "") }
        guard let server else { throw NovaError(.gone, "The server was deleted while it was built.") }
        guard server["status"]?.stringValue == "ACTIVE" else {
            let fault = server["fault"]?["message"]?.stringValue ?? "The server is in status ERROR."
            throw NovaError(.internal, "\(fault) See why: novactl server why \(id)")
        }
    }

    /// Returns when the server is gone.
    func untilGone(_ id: String) async throws {
        let server = try await until(id) {
            $0["status"]?.stringValue == "ERROR" && $0["OS-EXT-STS:task_state"]?.stringValue == nil
        }
        guard server == nil else {
            throw NovaError(.internal, "The server could not be deleted. See why: novactl server why \(id)")
        }
    }

    /// The server as soon as it fits, nil when it is gone.
    private func until(_ id: String, _ fits: (JSONValue) -> Bool) async throws -> JSONValue? {
        let start = ContinuousClock.now
        let deadline = Deadline.after(.seconds(limit))
        var told = ""
        while true {
            let server: JSONValue
            do {
                server = try await Resource.server.show(session, id: id)
            } catch let error as NovaError where error.code == .notFound {
                Console.complain("\(Self.elapsed(start)) gone")
                return nil
            }
            let task = server["OS-EXT-STS:task_state"]?.stringValue
            let progress = "\(server["status"]?.stringValue ?? "?")\(task.map { " (\($0))" } ?? "")"
            if progress != told {
                Console.complain("\(Self.elapsed(start)) \(progress)")
                told = progress
            }
            if fits(server) { return server }
            guard !deadline.hasPassed else {
                throw NovaError(
                    .timeout, "Still \(progress) after \(limit) s. Go on watching with: novactl server show \(id)")
            }
            try await Task.sleep(for: min(.seconds(1), deadline.remaining + .milliseconds(1)))
        }
    }

    private static func elapsed(_ start: ContinuousClock.Instant) -> String {
        let tenths = (ContinuousClock.now - start).milliseconds / 100
        return "\(tenths / 10).\(tenths % 10)s"
    }
}
