/// Short messages of a broker about many others, put together until the end of a turn.
struct BrokerMarks {
    private var go: [UInt64: [MessageID]] = [:]
    private var settled: [UInt64: [MessageID]] = [:]
    private var queries: [UInt64: [MessageID]] = [:]
    private var taken: [Taken: [MessageID]] = [:]

    /// A worker may begin.
    mutating func go(_ id: MessageID, to peer: UInt64) { go[peer, default: []].append(id) }
    /// The sender need not keep its copy.
    mutating func settled(_ id: MessageID) { settled[id.sender, default: []].append(id) }
    /// A worker is asked for a message.
    mutating func query(_ id: MessageID, to peer: UInt64) { queries[peer, default: []].append(id) }

    /// The sender of a call should know who has it.
    mutating func taken(_ id: MessageID, by worker: UInt64) {
        taken[Taken(sender: id.sender, worker: worker), default: []].append(id)
    }

    /// The lists to send now: what senders must know before anything begins goes first.
    mutating func take() -> [List] {
        guard !go.isEmpty || !settled.isEmpty || !queries.isEmpty || !taken.isEmpty else { return [] }
        var lists: [List] = []
        for key in taken.keys.sorted(by: { ($0.sender, $0.worker) < ($1.sender, $1.worker) }) {
            Self.add(taken[key] ?? [], List(peer: key.sender, kind: .taken, amount: key.worker), to: &lists)
        }
        for (kind, marks) in [(MessageKind.settled, settled), (.go, go), (.query, queries)] {
            for peer in marks.keys.sorted() { Self.add(marks[peer] ?? [], List(peer: peer, kind: kind), to: &lists) }
        }
        self = BrokerMarks()
        return lists
    }

    private static func add(_ ids: [MessageID], _ list: List, to lists: inout [List]) {
        var rest = ids[...]
        while !rest.isEmpty {
            var list = list
            list.ids = rest.prefix(MessageIDList.limit)
            lists.append(list)
            rest = rest.dropFirst(MessageIDList.limit)
        }
    }

    /// One message about several others.
    struct List {
        let peer: UInt64
        let kind: MessageKind
        var amount: UInt64 = 0
        var ids: ArraySlice<MessageID> = []
    }

    private struct Taken: Hashable {
        let sender: UInt64
        let worker: UInt64
    }
}
