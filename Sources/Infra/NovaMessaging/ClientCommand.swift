import Logging
import NovaCore

/// What other threads ask of the client thread.
enum ClientCommand: Sendable {
    case open(session: Int, instance: UInt64, endpoints: [String], name: PeerName, log: Logger)
    case awaitReady(session: Int, deadline: Int64, done: CheckedContinuation<Bool, Never>)
    case submit(session: Int, Submission)
    case cancel(session: Int, counter: UInt64)
    case serve(
        session: Int, queue: QueueName, slots: Int, deadline: Int64, handler: DeliveryHandler,
        done: CheckedContinuation<Bool, Never>)
    case watch(session: Int, ConnectionWatch)
    case settle(session: Int, id: MessageID, kind: MessageKind, body: [UInt8])
    case close(session: Int, deadline: Int64, done: CheckedContinuation<Void, Never>)
}

/// A message on its way to a broker, with the task that waits for its end.
struct Submission: Sendable {
    var header: MessageHeader
    let body: [UInt8]
    /// Milliseconds of ``MonotonicClock``.
    let deadline: Int64
    let done: CheckedContinuation<[UInt8], any Error>
}
