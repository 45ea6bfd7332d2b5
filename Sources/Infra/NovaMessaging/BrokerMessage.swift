import NovaCore

/// A message that a broker is responsible for.
final class BrokerMessage {
    enum State {
        /// It may have been taken at another broker: workers are asked.
        case held
        case pending
        case delivered
        case dropped
    }

    var header: MessageHeader
    let body: [UInt8]
    let sender: BrokerPeer
    let arrived: Int64
    /// Its place among all that have come to this broker.
    let order: UInt64
    let deadline: Int64
    var state = State.pending
    var worker: BrokerPeer?
    /// The slot it uses; nil when it was delivered without one.
    var slot: BrokerWorker?
    var isTaken = false
    var deliveredAt: Int64 = 0
    /// This broker is younger than the loss of the one before, so that it does not know who may have had the message.
    var mustBeClaimed = false
    /// Its sender was lost for a while, and may have given it to another broker.
    var isSuspect = false
    /// All workers have said that they do not have it, and run it for this broker only.
    var isCleared = false
    /// The worker that had taken it at another broker: nobody else may have it.
    var owner: UInt64?
    var heldAt: Int64 = 0
    /// Since when nobody knows what another broker did with it; nil when all of that is known.
    var unknownSince: Int64?
    /// How often its sender had turned to another broker before: of two that ask for it the later one wins.
    var turn: UInt8
    /// Workers that have not said yet whether they have it.
    var unanswered: Set<UInt64> = []

    init(header: MessageHeader, body: [UInt8], sender: BrokerPeer, arrived: Int64, order: UInt64, deadline: Int64) {
        turn = header.attempt
        var header = header
        header.attempt = 0
        header.amount = 0
        self.header = header
        self.body = body
        self.sender = sender
        self.arrived = arrived
        self.order = order
        self.deadline = deadline
    }

    var id: MessageID { header.id }
    var isCall: Bool { header.kind == .call }
    var isIdempotent: Bool { header.flags.contains(.idempotent) }
    var size: Int { body.count + 64 }
}
