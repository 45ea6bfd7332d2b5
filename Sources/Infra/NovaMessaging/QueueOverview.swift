/// One queue of all brokers as operators see it.
///
/// Every worker is known to all brokers, and gives its free slots to the queue's home.
public struct QueueOverview: Sendable {
    /// The queue: sums over the brokers, the longest waiting time, and as broker the home's endpoint.
    public let total: QueueStatus
    /// The queue at each broker.
    public let parts: [QueueStatus]

    /// Puts the rows of several brokers together, in the order of kinds and names.
    public static func list(_ rows: [QueueStatus]) -> [QueueOverview] {
        let brokers = Set(rows.map(\.broker))
        return Dictionary(grouping: rows) { Key(kind: $0.kind, name: $0.name) }.values.map { parts in
            QueueOverview(parts.sorted { $0.broker < $1.broker }, brokers: brokers)
        }.sorted { ($0.total.kind, $0.total.name) < ($1.total.kind, $1.total.name) }
    }

    private struct Key: Hashable {
        let kind: String
        let name: String
    }

    private init(_ parts: [QueueStatus], brokers: Set<String>) {
        var total = QueueStatus.sum(parts)
        total.consumers = parts.map(\.consumers).max() ?? 0
        total.broker = Self.home(of: parts, brokers: brokers)
        self.total = total
        self.parts = parts
    }

    /// The broker that the workers gave their slots to; where that tells nothing, the one that peers choose by its name.
    private static func home(of parts: [QueueStatus], brokers: Set<String>) -> String {
        let slots = parts.map { (broker: $0.broker, slots: $0.credit + $0.inFlight) }
        let most = slots.map(\.slots).max() ?? 0
        let best = most > 0 ? Set(slots.filter { $0.slots == most }.map(\.broker)) : brokers
        guard best.count > 1, let first = parts.first, let queue = QueueName(first) else { return best.first ?? "" }
        return best.map { (RendezvousHash.weight(of: queue, at: $0), $0) }.max { $0 < $1 }?.1 ?? ""
    }
}

extension QueueStatus {
    /// The sums of several rows, and the longest waiting time; the name is that of the first one.
    public static func sum(_ parts: [QueueStatus]) -> QueueStatus {
        var total = QueueStatus()
        total.name = parts.first?.name ?? ""
        total.kind = parts.first?.kind ?? ""
        for part in parts {
            total.ready += part.ready
            total.inFlight += part.inFlight
            total.held += part.held
            total.bytes += part.bytes
            total.oldestAge = max(total.oldestAge, part.oldestAge)
            total.consumers += part.consumers
            total.credit += part.credit
            total.rateIn += part.rateIn
            total.rateOut += part.rateOut
            total.received += part.received
            total.delivered += part.delivered
            total.redelivered += part.redelivered
            total.expired += part.expired
            total.rejected += part.rejected
            total.deadLetters += part.deadLetters
            total.missed += part.missed
        }
        return total
    }
}

extension QueueName {
    /// The queue that a status is about.
    public init?(_ status: QueueStatus) {
        switch status.kind {
        case "topic": self = .topic(status.name)
        case "fanout": self = .fanout(status.name)
        case "host":
            // A host's name may have dots, a topic's has none.
            guard let dot = status.name.firstIndex(of: ".") else { return nil }
            self = .host(String(status.name[..<dot]), String(status.name[status.name.index(after: dot)...]))
        default: return nil
        }
    }
}
