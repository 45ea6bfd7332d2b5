import NovaCore
import NovaWire
import Testing

@testable import NovaMessaging

@Suite("What operators see of several brokers")
struct OverviewTests {
    private static func queue(
        _ name: String, _ kind: String = "topic", at broker: String, _ change: (inout QueueStatus) -> Void = { _ in }
    ) -> QueueStatus {
        var status = QueueStatus()
        status.name = name
        status.kind = kind
        status.broker = broker
        change(&status)
        return status
    }

    @Test("rows of a queue are added up; workers are the same everywhere")
    func sums() throws {
        let rows = [
            Self.queue("conductor", at: "a") {
                $0.ready = 1
                $0.oldestAge = 20
                $0.consumers = 2
                $0.rateIn = 1.5
                $0.deadLetters = 1
            },
            Self.queue("conductor", "fanout", at: "a"),
            Self.queue("conductor", at: "b") {
                $0.ready = 2
                $0.oldestAge = 10
                $0.consumers = 2
                $0.credit = 7
                $0.rateIn = 2
                $0.received = 9
            },
        ]
        let all = QueueOverview.list(rows)
        #expect(all.map(\.total.kind) == ["fanout", "topic"])
        let total = try #require(all.last).total
        #expect(total.ready == 3)
        #expect(total.oldestAge == 20)
        #expect(total.consumers == 2)
        #expect(total.credit == 7)
        #expect(total.rateIn == 3.5)
        #expect(total.deadLetters == 1)
        #expect(total.received == 9)
        #expect(total.broker == "b")
        #expect(all.last?.parts.map(\.broker) == ["a", "b"])
    }

    @Test("the home has the slots, free or used; without any it is the one that peers would choose")
    func homes() throws {
        func home(_ a: Int64, _ b: Int64, _ c: Int64) -> String? {
            let rows = [("a", a), ("b", b), ("c", c)].map { broker, busy in
                Self.queue("compute.host.example", "host", at: broker) { $0.inFlight = busy }
            }
            return QueueOverview.list(rows).first?.total.broker
        }
        #expect(home(0, 3, 1) == "b")
        let queue = QueueName.host("compute", "host.example")
        let chosen = ["a", "b", "c"].max {
            RendezvousHash.weight(of: queue, at: $0) < RendezvousHash.weight(of: queue, at: $1)
        }
        #expect(home(0, 0, 0) == chosen)
        #expect(QueueName(Self.queue("compute.host.example", "host", at: "a")) == queue)
        #expect(QueueName(Self.queue("compute", "host", at: "a")) == nil)
        #expect(QueueOverview.list([]).isEmpty)
    }

    @Test("times of methods are added up, whatever a peer sends")
    func methods() {
        var one = MethodStatus()
        one.interface = "compute"
        one.method = 1
        one.waiting[0] = 3
        one.waitingSum = 3
        var short = one
        short.waiting = [1]
        short.service = []
        var other = one
        other.method = 2
        let all = MethodStatus.merged([other, one, short])
        #expect(all.map(\.method) == [1, 2])
        #expect(all[0].waiting[0] == 4)
        #expect(all[0].waitingSum == 6)
        #expect(all[0].service.allSatisfy { $0 == 0 })
    }

    @Test("quantiles are bounds of buckets")
    func quantiles() {
        var buckets = [Int64](repeating: 0, count: MethodStatus.bounds.count + 1)
        #expect(MethodStatus.quantile(0.5, of: buckets) == nil)
        buckets[1] = 98
        buckets[4] = 1
        buckets[MethodStatus.bounds.count] = 1
        #expect(MethodStatus.quantile(0.5, of: buckets) == 2)
        #expect(MethodStatus.quantile(0.99, of: buckets) == 20)
        #expect(MethodStatus.quantile(1, of: buckets) == .max)
    }

    @Test("a trace has what has ended, what runs and what waits; totals count on")
    func traces() throws {
        var rig = BrokerRig()
        rig.hello(1)
        rig.hello(2)
        rig.ready(2, slots: 1)
        _ = rig.send(from: 1, id: 1)
        rig.now += 5
        _ = rig.send(from: 1, id: 2)
        rig.now += 10
        let status = try #require(rig.status("t"))
        #expect(status.received == 2)
        #expect(status.delivered == 1)
        let entries = try Self.trace(UUID128(high: 0, low: 0), &rig)
        #expect(entries.map(\.outcome) == ["running", "waiting"])
        #expect(entries.map(\.served) == [15, 0])
        #expect(entries.map(\.waited) == [0, 10])
        #expect(entries.map { !$0.worker.isEmpty } == [true, false])
    }

    @Test("a trace has the HTTP request that began it, and fanouts")
    func requests() throws {
        var rig = BrokerRig()
        rig.hello(1)
        rig.hello(2)
        let request = UUID128(high: 7, low: 8)
        var subscription = MessageHeader(.ready, id: MessageID(sender: 2, counter: 1))
        subscription.queue = .fanout("f")
        _ = rig.broker.handle(.received(2, subscription, []), now: rig.now)
        var news = MessageHeader(.fanout, id: MessageID(sender: 1, counter: 1))
        news.queue = .fanout("f")
        news.trace = request
        _ = rig.broker.handle(.received(1, news, []), now: rig.now)
        rig.now += 20
        var span = MessageHeader(.span, id: MessageID(sender: 1, counter: 2))
        span.trace = request
        span.interface = "POST things:create"
        span.method = 202
        span.amount = 30
        #expect(rig.broker.handle(.received(1, span, []), now: rig.now).isEmpty)
        // However long a peer says that it took.
        span.amount = .max
        _ = rig.broker.handle(.received(1, span, []), now: rig.now)
        let entries = try Self.trace(request, &rig)
        #expect(entries.map(\.kind) == ["fanout", TraceEntry.http, TraceEntry.http])
        #expect(entries.map(\.outcome) == ["1 copies", "202", "202"])
        #expect(entries.map(\.interface) == ["f", "POST things:create", "POST things:create"])
        #expect(entries.map(\.age) == [20, 30, 3_600_000])
        #expect(entries.map(\.served) == [0, 30, 3_600_000])
        #expect(entries.map(\.sender.isEmpty) == [false, true, true])
    }

    private static func trace(_ request: UUID128, _ rig: inout BrokerRig) throws -> [TraceEntry] {
        var question = MessageHeader(.admin, id: MessageID(sender: 1, counter: 3))
        question.method = AdminQuestion.trace.rawValue
        question.trace = request
        let actions = rig.broker.handle(.received(1, question, []), now: rig.now)
        let bodies = actions.compactMap { action -> [UInt8]? in
            guard case .send(1, let header, let body) = action, header.kind == .reply else { return nil }
            return body
        }
        return try TraceList(decoding: try #require(bodies.first)).entries
    }
}
