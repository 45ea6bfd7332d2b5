import NovaCore

/// One queued closure: run on a connection's thread, and answered once its fate is known.
///
/// It may be run again, when the transaction of an earlier run was undone.
struct DatabaseJob: Sendable {
    /// What running it gave; `finish` resumes the caller, with the error of the commit when that failed.
    struct Outcome {
        let isRead: Bool
        let failed: Bool
        let finish: (NovaError?) -> Void
    }

    let isRead: Bool
    /// When its caller has waited long enough; nil when it waits as long as it takes.
    let deadline: Deadline?
    let run: @Sendable (Connection) -> Outcome
    let refuse: @Sendable (NovaError) -> Void

    init<T: Sendable>(
        isRead: Bool, deadline: Deadline?, _ continuation: CheckedContinuation<T, any Error>,
        _ body: @escaping @Sendable (Connection) throws -> T
    ) {
        self.isRead = isRead
        self.deadline = deadline
        run = { connection in
            connection.beginClosure()
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

    var isLate: Bool { deadline?.hasPassed ?? false }

    /// Answers a job that has waited for too long.
    func refuseLate() {
        refuse(NovaError(.unavailable, "The database is busy or does not answer. Repeat the request later."))
    }
}
