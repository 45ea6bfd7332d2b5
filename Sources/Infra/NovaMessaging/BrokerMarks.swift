/// Short messages of a broker about many others, put together until the end of a turn.
struct BrokerMarks {
    /// One message about several others.
    struct List {
        let peer: UInt64
        let kind: MessageKind
        let amount: UInt64
        let ids: ArraySlice<MessageID>
    }

    private struct Key: Hashable {
        let order: Int
        let peer: UInt64
        var amount: UInt64 = 0

        static func isBefore(_ one: Key, _ other: Key) -> Bool {
            (one.order, one.peer, one.amount) < (other.order, other.peer, other.amount)
        }
    }

    /// What senders must know before anything begins goes first.
    private static let kinds: [MessageKind] = [.taken, .settled, .go, .query]

    private var ids: [Key: [MessageID]] = [:]

    /// The sender should know who has it: should this broker be lost, only that worker is asked.
    mutating func taken(_ id: MessageID, by worker: UInt64) {
        ids[Key(order: 0, peer: id.sender, amount: worker), default: []].append(id)
    }

    /// The sender need not keep its copy.
    mutating func settled(_ id: MessageID) { ids[Key(order: 1, peer: id.sender), default: []].append(id) }

    /// A worker may begin.
    mutating func go(_ id: MessageID, to peer: UInt64) { ids[Key(order: 2, peer: peer), default: []].append(id) }

    /// A worker is asked for a message.
    mutating func query(_ message: BrokerMessage, to peer: UInt64) {
        ids[Key(order: 3, peer: peer, amount: UInt64(message.turn)), default: []].append(message.id)
    }

    /// The lists to send now.
    mutating func take() -> [List] {
        guard !ids.isEmpty else { return [] }
        var lists: [List] = []
        for key in ids.keys.sorted(by: Key.isBefore) {
            var rest = (ids[key] ?? [])[...]
            while !rest.isEmpty {
                let part = rest.prefix(MessageIDList.limit)
                lists.append(List(peer: key.peer, kind: Self.kinds[key.order], amount: key.amount, ids: part))
                rest = rest.dropFirst(MessageIDList.limit)
            }
        }
        ids.removeAll(keepingCapacity: true)
        return lists
    }
}
