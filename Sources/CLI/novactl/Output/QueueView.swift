import NovaMessaging
import NovaSchema

/// The queues of one name with their workers and the times of their methods.
struct QueueView {
    let queues: [JSONValue]
    let workers: [JSONValue]
    let methods: [JSONValue]

    /// Picks what belongs to the queues: connections that serve one of them, methods of the interfaces served there.
    init(_ found: [QueueOverview], peers: [PeerStatus], methods: [MethodStatus]) {
        let names = Set(found.map { "\($0.total.kind) \($0.total.name)" })
        let serving = peers.filter { !names.isDisjoint(with: $0.serves) }
        var interfaces = Set(found.compactMap { QueueName($0.total)?.topic })
        for peer in serving {
            interfaces.formUnion(peer.versions.compactMap { $0.split(separator: " ").first.map(String.init) })
        }
        queues = found.map { queue in
            var members = QueueRows.json(queue.total, home: queue.total.broker).objectValue ?? [:]
            members["brokers"] = .array(
                queue.parts.map { QueueRows.json($0, home: queue.total.broker, broker: $0.broker) })
            return .object(members)
        }
        workers = serving.sorted { ($0.principal, $0.broker) < ($1.principal, $1.broker) }.map(\.json)
        self.methods = methods.filter { interfaces.contains($0.interface) }.map(Self.json)
    }

    var json: JSONValue {
        .object(["queues": .array(queues), "workers": .array(workers), "methods": .array(methods)])
    }

    static let workerColumns = [
        Column("Worker", "principal"), Column("In flight", "in_flight"), Column("Stuck", "is_stuck"),
        Column("Heard ms ago", "last_heard"), Column("Versions", "versions"),
        Column("Broker") { QueueRows.short($0["broker"]) },
    ]

    static let methodColumns = [
        Column("Method", "method"), Column("Messages", "messages"), Column("Waited p50 ms", "waiting_p50"),
        Column("p99 ms", "waiting_p99"), Column("Mean ms", "waiting_mean"), Column("Served p50 ms", "service_p50"),
        Column("p99 ms", "service_p99"), Column("Mean ms", "service_mean"),
    ]

    private static func json(_ method: MethodStatus) -> JSONValue {
        .object([
            "method": .string(MethodNames.full(method.interface, method.method)),
            "interface": .string(method.interface), "number": .integer(method.method),
            "messages": .integer(method.waiting.reduce(0, +)),
            "waiting_p50": quantile(0.5, method.waiting), "waiting_p99": quantile(0.99, method.waiting),
            "waiting_mean": mean(method.waitingSum, method.waiting),
            "service_p50": quantile(0.5, method.service), "service_p99": quantile(0.99, method.service),
            "service_mean": mean(method.serviceSum, method.service),
            "buckets": .array(MethodStatus.bounds.map { .integer($0) }),
            "waiting": .array(method.waiting.map { .integer($0) }),
            "service": .array(method.service.map { .integer($0) }),
        ])
    }

    /// "<= 5": the bound of a bucket is all that is known.
    private static func quantile(_ share: Double, _ buckets: [Int64]) -> JSONValue {
        guard let bound = MethodStatus.quantile(share, of: buckets) else { return .null }
        return .string(bound == .max ? "> \(MethodStatus.bounds.last ?? 0)" : "<= \(bound)")
    }

    private static func mean(_ sum: Int64, _ buckets: [Int64]) -> JSONValue {
        let count = buckets.reduce(0, +)
        return count > 0 ? .number((Double(sum) / Double(count) * 10).rounded() / 10) : .null
    }
}
