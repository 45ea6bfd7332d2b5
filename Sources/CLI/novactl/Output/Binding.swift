import NovaMessaging
import NovaSchema

/// A worker at a queue.
struct Binding {
    let queue: String
    let kind: String
    let worker: String
    let versions: [String]
    /// Nil when the brokers' rows are put together.
    let broker: String?

    /// What peers serve, in the order of kinds and queues.
    static func list(_ peers: [PeerStatus], byBroker: Bool) -> [Binding] {
        var seen: Set<[String]> = []
        var all: [Binding] = []
        for peer in peers {
            for served in peer.serves {
                let words = served.split(separator: " ", maxSplits: 1).map(String.init)
                guard words.count == 2 else { continue }
                let broker = byBroker ? peer.broker : nil
                guard seen.insert([served, peer.principal, broker ?? ""]).inserted else { continue }
                all.append(
                    Binding(
                        queue: words[1], kind: words[0], worker: peer.principal, versions: peer.versions,
                        broker: broker))
            }
        }
        return all.sorted {
            ($0.kind, $0.queue, $0.worker, $0.broker ?? "") < ($1.kind, $1.queue, $1.worker, $1.broker ?? "")
        }
    }

    var json: JSONValue {
        var members: JSONObject = [
            "queue": .string(queue), "kind": .string(kind), "worker": .string(worker),
            "versions": .array(versions.map { .string($0) }),
        ]
        if let broker { members["broker"] = .string(broker) }
        return .object(members)
    }
}
