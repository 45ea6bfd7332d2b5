import NovaCore

/// Waits for a state, which is looked at each 5 ms.
///
/// - Throws: `timeout` with what was waited for, or what the condition throws.
public func until(
    _ what: String, within limit: Duration = .seconds(30), _ condition: () async throws -> Bool
) async throws {
    let deadline = Deadline.after(limit)
    while try await !condition() {
        guard !deadline.hasPassed else { throw NovaError(.timeout, "not so after \(limit): \(what)") }
        try await SteadyClock.sleep(for: .milliseconds(5))
    }
}
