import NovaMessaging
import NovaSchema
import Testing

@testable import novactl

@Suite("Queues, workers and methods as rows")
struct QueueViewTests {
    private static func queue(_ name: String, _ kind: String, broker: String, credit: Int64) -> QueueStatus {
        var status = QueueStatus()
        status.name = name
        status.kind = kind
        status.broker = broker
        status.credit = credit
        status.consumers = 1
        return status
    }

    private static func peer(_ principal: String, serves: [String], broker: String) -> PeerStatus {
        var peer = PeerStatus()
        peer.principal = principal
        peer.serves = serves
        peer.versions = ["compute 0"]
        peer.broker = broker
        return peer
    }

    @Test("one row a queue, or one for each broker; rare columns only when there is something in them")
    func rows() {
        var rows = [
            Self.queue("conductor", "topic", broker: "tcp://a:1", credit: 0),
            Self.queue("conductor", "topic", broker: "tcp://b:1", credit: 4),
        ]
        let merged = QueueRows(rows, byBroker: false)
        #expect(merged.values.count == 1)
        #expect(merged.values[0]["home"] == .string("tcp://b:1"))
        #expect(merged.values[0]["broker"] == nil)
        #expect(!merged.columns.contains { $0.heading == "Held" })
        rows[0].held = 1
        let parts = QueueRows(rows, byBroker: true)
        #expect(parts.values.compactMap { $0["broker"]?.stringValue } == ["tcp://a:1", "tcp://b:1"])
        #expect(parts.values.allSatisfy { $0["home"] == .string("tcp://b:1") })
        #expect(parts.columns.contains { $0.heading == "Held" })
    }

    @Test("bindings are the same at all brokers")
    func bindings() {
        let peers = [
            Self.peer("compute@h1/1", serves: ["fanout compute", "host compute.h1"], broker: "a"),
            Self.peer("compute@h1/1", serves: ["fanout compute", "host compute.h1"], broker: "b"),
        ]
        #expect(Binding.list(peers, byBroker: false).map(\.queue) == ["compute", "compute.h1"])
        #expect(Binding.list(peers, byBroker: true).map(\.broker) == ["a", "b", "a", "b"])
    }

    @Test("a queue is shown with its own workers and methods")
    func view() {
        var method = MethodStatus()
        method.interface = "compute"
        method.method = 1
        method.waiting[0] = 99
        method.waiting[3] = 1
        method.waitingSum = 109
        method.service[MethodStatus.bounds.count] = 1
        method.serviceSum = 70_000
        var other = method
        other.interface = "image"
        let view = QueueView(
            QueueOverview.list([Self.queue("compute.h1", "host", broker: "a", credit: 1)]),
            peers: [
                Self.peer("compute@h1/1", serves: ["host compute.h1"], broker: "a"),
                Self.peer("compute@h2/1", serves: ["host compute.h2"], broker: "a"),
            ], methods: [method, other])
        #expect(view.workers.map { $0["principal"]?.stringValue } == ["compute@h1/1"])
        #expect(view.methods.map { $0["method"]?.stringValue } == ["compute.build"])
        #expect(view.methods[0]["waiting_p50"] == .string("<= 1"))
        #expect(view.methods[0]["waiting_mean"] == .number(1.1))
        #expect(view.methods[0]["service_p99"] == .string("> 60000"))
    }
}
