import NovaMessaging
import NovaTelemetry

/// A broker's figures for `/metrics`.
struct BrokerMetrics: Sendable {
    /// With more host queues than these the queues of a topic's hosts are summed up as `TOPIC.*`.
    static let hostQueueLimit = 200
    private static let bounds = MethodStatus.bounds.map { Double($0) / 1_000 }

    let statistics: BrokerStatistics
    let admissions: AdmissionCounts?
    /// The name of an interface's method by its number.
    let methodName: @Sendable (String, Int64) -> String?

    /// All metrics, in the order of their names.
    var snapshots: [MetricSnapshot] { queueMetrics + peerMetrics + methodMetrics + admissionMetrics }

    private var queueMetrics: [MetricSnapshot] {
        let queues = Self.bounded(statistics.queues)
        func metric(
            _ kind: MetricSnapshot.Kind, _ name: String, _ help: String, _ value: (QueueStatus) -> Double
        ) -> MetricSnapshot {
            var metric = MetricSnapshot(kind, name, help: help)
            for queue in queues { metric.add(value(queue), labels: ["queue": queue.name, "kind": queue.kind]) }
            return metric
        }
        return [
            metric(.gauge, "nova_queue_messages_ready", "Messages that wait for a worker.") { Double($0.ready) },
            metric(.gauge, "nova_queue_messages_in_flight", "Messages that workers have in hand.") {
                Double($0.inFlight)
            },
            metric(.gauge, "nova_queue_messages_held", "Messages that another broker may have delivered.") {
                Double($0.held)
            },
            metric(.gauge, "nova_queue_messages_ready_bytes", "Bytes of the waiting messages.") { Double($0.bytes) },
            metric(.gauge, "nova_queue_oldest_age_seconds", "How long the oldest waiting message has waited.") {
                Double($0.oldestAge) / 1_000
            },
            metric(.gauge, "nova_queue_consumers", "Workers that serve the queue.") { Double($0.consumers) },
            metric(.gauge, "nova_queue_credit", "Free slots of the queue's workers.") { Double($0.credit) },
            metric(.counter, "nova_queue_received_total", "Messages that came.") { Double($0.received) },
            metric(.counter, "nova_queue_delivered_total", "Messages given to workers.") { Double($0.delivered) },
            metric(.counter, "nova_queue_redelivered_total", "Messages given to another worker after a loss.") {
                Double($0.redelivered)
            },
            metric(.counter, "nova_queue_expired_total", "Messages whose time ran out while they waited.") {
                Double($0.expired)
            },
            metric(.counter, "nova_queue_rejected_total", "Messages refused.") { Double($0.rejected) },
            metric(.counter, "nova_queue_dead_letters_total", "Casts that nobody handled.") { Double($0.deadLetters) },
            metric(.counter, "nova_queue_missed_total", "Fanout messages that subscribers were too slow for.") {
                Double($0.missed)
            },
        ]
    }

    private var peerMetrics: [MetricSnapshot] {
        var count = MetricSnapshot(.gauge, "nova_queue_peers", help: "Connected peers.")
        var stuck = MetricSnapshot(
            .gauge, "nova_queue_peers_stuck", help: "Peers with work in hand that have ended nothing for long.")
        for (role, peers) in Dictionary(grouping: statistics.peers, by: \.role) {
            count.add(Double(peers.count), labels: ["role": role])
            stuck.add(Double(peers.count { $0.isStuck }), labels: ["role": role])
        }
        return [count, stuck]
    }

    private var methodMetrics: [MetricSnapshot] {
        var waiting = MetricSnapshot(
            .histogram, "nova_queue_waiting_seconds", help: "From a message's arrival until a worker gets it.")
        var service = MetricSnapshot(
            .histogram, "nova_queue_service_seconds", help: "From a worker's getting a message until its answer.")
        for method in statistics.methods {
            let name = methodName(method.interface, method.method) ?? "\(method.method)"
            let labels = ["interface": method.interface, "method": name]
            waiting.add(
                bounds: Self.bounds, counts: method.waiting, sum: Double(method.waitingSum) / 1_000, labels: labels)
            service.add(
                bounds: Self.bounds, counts: method.service, sum: Double(method.serviceSum) / 1_000, labels: labels)
        }
        return [waiting, service]
    }

    private var admissionMetrics: [MetricSnapshot] {
        guard let admissions else { return [] }
        var handshakes = MetricSnapshot(
            .counter, "nova_queue_handshakes_total", help: "Connections by what their keys led to.")
        handshakes.add(Double(admissions.admittedCount), labels: ["result": "admitted"])
        handshakes.add(Double(admissions.refusedCount), labels: ["result": "refused"])
        return [handshakes]
    }

    /// The queues, those of hosts summed up per topic when there are too many.
    private static func bounded(_ queues: [QueueStatus]) -> [QueueStatus] {
        guard queues.count(where: { $0.kind == "host" }) > hostQueueLimit else { return queues }
        let hosts = queues.filter { $0.kind == "host" }.map { queue in
            var queue = queue
            queue.name = "\(queue.name.prefix { $0 != "." }).*"
            return queue
        }
        let sums = Dictionary(grouping: hosts, by: \.name).values.map { QueueStatus.sum($0) }
        return queues.filter { $0.kind != "host" } + sums
    }
}
