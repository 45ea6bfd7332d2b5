import NovaCore
import NovaWire

@testable import NovaMessaging

/// A broker in virtual time, with peers that are numbers.
struct BrokerRig {
    var broker: BrokerState
    var now: Int64 = 1_000
    private var counter: UInt64 = 0

    init(limits: QueueLimits = QueueLimits()) { broker = BrokerState(limits: limits, boot: 7, now: 1_000) }

    /// What the broker sent: kind, receiver, id's counter, and the amount.
    struct Sent: Equatable, CustomStringConvertible {
        var kind: MessageKind
        var to: PeerRoute
        var id: UInt64
        var amount: UInt64 = 0
        var attempt: UInt8 = 0
        var description: String { "\(kind)->\(to) #\(id) amount \(amount) attempt \(attempt)" }
    }

    mutating func handle(_ event: BrokerEvent) -> [Sent] {
        (broker.handle(event, now: now) + broker.flush(now: now)).flatMap { action -> [Sent] in
            guard case .send(let route, let header, let body) = action else { return [] }
            guard Self.lists.contains(header.kind), let ids = MessageIDList.decode(body) else {
                return [
                    Sent(
                        kind: header.kind, to: route, id: header.id.counter, amount: header.amount,
                        attempt: header.attempt)
                ]
            }
            return ids.map { Sent(kind: header.kind, to: route, id: $0.counter, amount: header.amount) }
        }
    }

    /// Kinds whose body lists the messages that they are about.
    private static let lists: Set<MessageKind> = [.taken, .go, .query, .disclaim, .settled, .done]

    @discardableResult
    mutating func hello(
        _ route: PeerRoute, as instance: UInt64? = nil, role: String = "test", returning: Bool = false,
        boot: UInt64 = 0, age: Int64 = 60_000
    )
        -> [Sent]
    {
        var header = MessageHeader(.hello, id: MessageID(sender: instance ?? UInt64(route), counter: 0))
        header.since = 1
        header.principal = PeerName(role: role, host: "h\(instance ?? UInt64(route))", instance: "1")
        if returning { header.flags.insert(.returning) }
        header.amount = boot
        header.remaining = age
        return handle(.received(route, header, []))
    }

    @discardableResult
    mutating func ready(
        _ route: PeerRoute, _ queue: QueueName = .topic("t"), slots: UInt64 = 1, versions: [String: UInt16] = [:],
        instance: UInt64? = nil
    ) -> [Sent] {
        var header = MessageHeader(.ready, id: MessageID(sender: instance ?? UInt64(route), counter: 999))
        header.queue = queue
        header.amount = slots
        return handle(.received(route, header, InterfaceVersions.encode(versions)))
    }

    mutating func send(
        _ kind: MessageKind = .call, from route: PeerRoute, to queue: QueueName = .topic("t"), id: UInt64,
        flags: MessageFlags = [], remaining: Int64 = 60_000, body: [UInt8] = [1], instance: UInt64? = nil,
        amount: UInt64 = 0, since: UInt16 = 0, attempt: UInt8 = 0
    ) -> [Sent] {
        var header = MessageHeader(kind, id: MessageID(sender: instance ?? UInt64(route), counter: id))
        header.queue = queue
        header.flags = flags
        header.remaining = remaining
        header.amount = amount
        header.since = since
        header.attempt = attempt
        return handle(.received(route, header, body))
    }

    /// A worker's message about a message of peer `sender`.
    mutating func answer(
        _ kind: MessageKind, from route: PeerRoute, sender: UInt64, id: UInt64, flags: MessageFlags = [],
        amount: UInt64 = 0, attempt: UInt8 = 0
    ) -> [Sent] {
        let message = MessageID(sender: sender, counter: id)
        var header = MessageHeader(kind, id: message)
        header.flags = flags
        header.amount = amount
        header.attempt = attempt
        return handle(.received(route, header, Self.lists.contains(kind) ? MessageIDList.encode([message]) : []))
    }

    /// Lets time pass as a broker sees it, which looks at it often.
    mutating func pass(_ milliseconds: Int64, alive: [PeerRoute] = []) -> [Sent] {
        var sent: [Sent] = []
        let end = now + milliseconds
        while now < end {
            now = min(end, now + 1_000)
            for route in alive {
                sent += handle(.received(route, MessageHeader(.pong, id: MessageID(sender: 0, counter: 0)), []))
            }
            sent += handle(.tick)
        }
        return sent
    }

    func status(_ name: String) -> QueueStatus? { broker.queueStatuses().first { $0.name == name } }
}
