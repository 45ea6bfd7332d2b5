import Logging
import NovaCore

/// What other threads ask of the client thread.
enum ClientCommand: Sendable {
    case open(session: Int, instance: UInt64, ClientSettings)
    case awaitReady(session: Int, deadline: Int64, done: CheckedContinuation<Bool, Never>)
    case submit(session: Int, ClientRequest, done: CheckedContinuation<[UInt8], any Error>)
    case cancel(session: Int, counter: UInt64)
    case tell(session: Int, MessageHeader)
    case serve(
        session: Int, ClientService, QueueHandlers, deadline: Int64, done: CheckedContinuation<Bool, Never>)
    case watch(session: Int, ConnectionWatch)
    case settle(session: Int, id: MessageID, kind: MessageKind, body: [UInt8])
    case close(session: Int, deadline: Int64, done: CheckedContinuation<Void, Never>)
    case vanish(session: Int, done: CheckedContinuation<Void, Never>)
}

/// How a client reaches its brokers.
struct ClientSettings: Sendable {
    let brokers: [BrokerAddress]
    let name: PeerName
    let log: Logger
}

/// What a client does with a queue that it serves.
struct QueueHandlers: Sendable {
    let run: DeliveryHandler
    /// So many fanout messages did not come; 0 when the number is not known.
    let missed: @Sendable (UInt64) -> Void
}
