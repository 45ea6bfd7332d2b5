import NovaCore

/// What a client's rules are told.
enum ClientEvent: Sendable {
    /// The connection of a link has come up.
    case connected(Int)
    /// The connection of a link is gone, or could not be made; libzmq tries on.
    case disconnected(Int)
    /// The socket of a link could not be made.
    case failed(Int)
    /// A message from a link, with the milliseconds that it may have waited here unread.
    case received(Int, MessageHeader, [UInt8], age: Int64)
    case submit(ClientRequest)
    case cancel(UInt64)
    /// Send a message that nobody answers; it is lost when no broker is there.
    case tell(MessageHeader)
    case serve(ClientService)
    /// A handler has ended.
    case settle(MessageID, MessageKind, [UInt8])
    /// Take no more work.
    case drain
    /// Say goodbye.
    case stop
    /// End without a word, as a process that was killed.
    case vanish
    case tick
}

/// What a client does.
enum ClientAction: Sendable {
    /// Make the socket of a link, and connect it.
    case open(Int)
    /// Close the socket of a link.
    case close(Int)
    case send(Int, MessageHeader, [UInt8])
    /// A request has come to its end.
    case complete(UInt64, Result<[UInt8], NovaError>)
    /// A broker knows that the queue is served here.
    case served(QueueName)
    /// Begin the work on a message.
    case run(Delivery)
    /// Nobody waits for a message's answer any more.
    case cancelWork(MessageID)
    /// So many fanout messages did not come; 0 when the number is not known.
    case missed(QueueName, UInt64)
    /// The first broker is there, or the last one is lost.
    case connection(QueueConnection)
    /// Everything that ran when the client was drained has ended.
    case drained
    case note(String)
}

/// A message that a client is to bring to its end.
struct ClientRequest: Sendable {
    var header: MessageHeader
    let body: [UInt8]
    /// When it is given up, in milliseconds of the client's clock.
    let deadline: Int64
    /// How long a call may be without any sign of its worker, in milliseconds.
    var silence: Int64 = 60_000
    /// The only broker that it goes to; nil for the queue's home.
    var broker: Int?
}

/// A queue that a client serves.
struct ClientService: Sendable {
    let queue: QueueName
    var slots: Int
    /// The newest minor version of each interface that the handlers know.
    var versions: [String: UInt16] = [:]
}
