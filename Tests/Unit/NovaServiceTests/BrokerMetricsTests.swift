import NovaMessaging
import NovaTelemetry
import Testing

@testable import NovaService

@Suite("A broker's metrics")
struct BrokerMetricsTests {
    private static func text(_ statistics: BrokerStatistics) -> String {
        let registry = MetricsRegistry()
        registry.addSource {
            BrokerMetrics(
                statistics: statistics, admissions: nil,
                methodName: { interface, number in interface == "compute" && number == 1 ? "build" : nil }
            ).snapshots
        }
        return registry.render()
    }

    private static func queue(_ name: String, _ kind: String, ready: Int64 = 0, age: Int64 = 0) -> QueueStatus {
        var status = QueueStatus()
        status.name = name
        status.kind = kind
        status.ready = ready
        status.oldestAge = age
        status.consumers = 1
        return status
    }

    @Test("queues, peers and methods, in base units")
    func all() {
        var method = MethodStatus()
        method.interface = "compute"
        method.method = 1
        method.waiting[0] = 2
        method.waiting[MethodStatus.bounds.count] = 1
        method.waitingSum = 70_500
        var unknown = method
        unknown.method = 77
        var peer = PeerStatus()
        peer.role = "compute"
        peer.isStuck = true
        let text = Self.text(
            BrokerStatistics(
                queues: [Self.queue("conductor", "topic", ready: 3, age: 1_500)], peers: [peer, peer],
                methods: [method, unknown]))
        for line in [
            "# TYPE nova_queue_messages_ready gauge", "nova_queue_messages_ready{kind=\"topic\",queue=\"conductor\"} 3",
            "nova_queue_oldest_age_seconds{kind=\"topic\",queue=\"conductor\"} 1.5",
            "# TYPE nova_queue_received_total counter", "nova_queue_peers{role=\"compute\"} 2",
            "nova_queue_peers_stuck{role=\"compute\"} 2", "# TYPE nova_queue_waiting_seconds histogram",
            "nova_queue_waiting_seconds_bucket{interface=\"compute\",method=\"build\",le=\"0.001\"} 2",
            "nova_queue_waiting_seconds_bucket{interface=\"compute\",method=\"build\",le=\"60\"} 2",
            "nova_queue_waiting_seconds_bucket{interface=\"compute\",method=\"build\",le=\"+Inf\"} 3",
            "nova_queue_waiting_seconds_sum{interface=\"compute\",method=\"build\"} 70.5",
            "nova_queue_waiting_seconds_count{interface=\"compute\",method=\"77\"} 3",
            "nova_queue_service_seconds_count{interface=\"compute\",method=\"build\"} 0",
        ] { #expect(text.contains(line + "\n"), "\(line)") }
        #expect(!text.contains("handshakes"))
    }

    @Test("many host queues are summed up per topic")
    func bound() {
        let hosts = (0..<BrokerMetrics.hostQueueLimit).map { Self.queue("compute.h\($0).example", "host", ready: 1) }
        #expect(Self.text(BrokerStatistics(queues: hosts)).contains("queue=\"compute.h0.example\""))
        let more = hosts + [Self.queue("network.h", "host", age: 7), Self.queue("conductor", "topic")]
        let text = Self.text(BrokerStatistics(queues: more))
        #expect(!text.contains("queue=\"compute.h"))
        #expect(text.contains("nova_queue_messages_ready{kind=\"host\",queue=\"compute.*\"} 200\n"))
        #expect(text.contains("nova_queue_consumers{kind=\"host\",queue=\"compute.*\"} 200\n"))
        #expect(text.contains("nova_queue_oldest_age_seconds{kind=\"host\",queue=\"network.*\"} 0.007\n"))
        #expect(text.contains("nova_queue_consumers{kind=\"topic\",queue=\"conductor\"} 1\n"))
    }
}
