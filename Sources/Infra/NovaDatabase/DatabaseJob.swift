import NovaCore

/// One queued closure: run on a connection's thread, and answered once its fate is known.
struct DatabaseJob: Sendable {
    /// What running it gave; `finish` resumes the caller, with the error of the commit when that failed.
    struct Outcome {
        let isRead: Bool
        let failed: Bool
        let finish: (NovaError?) -> Void
    }

    let isRead: Bool
    let run: @Sendable (Connection) -> Outcome
    let refuse: @Sendable (NovaError) -> Void

    init<T: Sendable>(
        isRead: Bool, _ continuation: CheckedContinuation<T, any Error>,
        _ body: @escaping @Sendable (Connection) throws -> T
    ) {
        self.isRead = isRead
        run = { connection in
            do {
                let value = try body(connection)
                return Outcome(isRead: isRead, failed: false) { error in
                    if let error { continuation.resume(throwing: error) } else { continuation.resume(returning: value) }
                }
            } catch {
                return Outcome(isRead: isRead, failed: true) { _ in continuation.resume(throwing: error) }
            }
        }
        refuse = { continuation.resume(throwing: $0) }
    }
}
