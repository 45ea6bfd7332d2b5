/// Whether a client can be reached over the queue.
public enum QueueConnection: Sendable, Equatable {
    /// No broker has welcomed the client yet, or the connection broke.
    case lost
    /// A broker knows the client, and all queues that it serves but so many.
    case connected(unconfirmed: Int)

    /// Whether a broker knows all that the client serves.
    public var isComplete: Bool { self == .connected(unconfirmed: 0) }
}

/// Tells one observer of each change, confined to the client thread.
struct ConnectionWatch: Sendable {
    private let observer: @Sendable (QueueConnection) -> Void
    private var told: QueueConnection?

    init(_ observer: @escaping @Sendable (QueueConnection) -> Void) { self.observer = observer }

    mutating func note(_ connection: QueueConnection) {
        guard connection != told else { return }
        told = connection
        observer(connection)
    }
}
