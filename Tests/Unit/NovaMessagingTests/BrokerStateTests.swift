import NovaCore
import NovaWire
import Testing

@testable import NovaMessaging

@Suite("Broker rules")
struct BrokerStateTests {
    typealias Sent = BrokerRig.Sent

    @Test("the first available worker, least recently used first, gets the next message")
    func firstAvailable() {
        var rig = BrokerRig()
        for route in 1...3 as ClosedRange<PeerRoute> { rig.hello(route) }
        rig.ready(2)
        rig.ready(3)
        #expect(rig.send(from: 1, id: 1) == [Sent(kind: .call, to: 2, id: 1)])
        #expect(rig.send(from: 1, id: 2) == [Sent(kind: .call, to: 3, id: 2)])
        #expect(rig.send(from: 1, id: 3) == [])
        #expect(rig.status("t")?.ready == 1)
        #expect(
            rig.answer(.reply, from: 3, sender: 1, id: 2)
                == [Sent(kind: .reply, to: 1, id: 2), Sent(kind: .call, to: 3, id: 3)])
        _ = rig.answer(.reply, from: 2, sender: 1, id: 1)
        _ = rig.answer(.reply, from: 3, sender: 1, id: 3)
        #expect(rig.send(from: 1, id: 4) == [Sent(kind: .call, to: 2, id: 4)])
    }

    @Test("a call that nobody serves is refused at once")
    func noConsumer() {
        var rig = BrokerRig()
        rig.hello(1)
        #expect(
            rig.send(from: 1, id: 1) == [Sent(kind: .reject, to: 1, id: 1, amount: RejectReason.noConsumer.rawValue)])
        #expect(rig.status("t")?.rejected == 1)
    }

    @Test("a cast to an absent host is held, delivered when it comes, and a dead letter at its deadline")
    func heldCast() {
        var rig = BrokerRig()
        rig.hello(1)
        let queue = QueueName.host("compute", "h2")
        #expect(rig.send(.cast, from: 1, to: queue, id: 1, remaining: 0) == [Sent(kind: .accepted, to: 1, id: 1)])
        #expect(rig.send(.cast, from: 1, to: queue, id: 2, remaining: 0) == [Sent(kind: .accepted, to: 1, id: 2)])
        rig.hello(2)
        #expect(
            rig.ready(2, queue) == [Sent(kind: .accepted, to: 2, id: 999), Sent(kind: .cast, to: 2, id: 1)])
        for _ in 0..<30 { _ = rig.pass(2_000, alive: [1, 2]) }
        #expect(rig.status("compute.h2")?.deadLetters == 1)
        #expect(rig.status("compute.h2")?.expired == 1)
    }

    @Test("a waiting call expires with an answer")
    func expiry() {
        var rig = BrokerRig()
        rig.hello(1)
        rig.hello(2)
        rig.ready(2)
        _ = rig.send(from: 1, id: 1)
        #expect(rig.send(from: 1, id: 2, remaining: 500) == [])
        #expect(rig.pass(400, alive: [1, 2]) == [])
        #expect(rig.pass(101, alive: [1, 2]) == [Sent(kind: .fail, to: 1, id: 2)])
    }

    @Test("a queue at its limit refuses")
    func full() {
        var limits = QueueLimits()
        limits.messages = 1
        var rig = BrokerRig(limits: limits)
        rig.hello(1)
        rig.hello(2)
        rig.ready(2)
        _ = rig.send(from: 1, id: 1)
        _ = rig.send(from: 1, id: 2)
        #expect(rig.send(from: 1, id: 3) == [Sent(kind: .reject, to: 1, id: 3, amount: RejectReason.full.rawValue)])
    }

    @Test("a queue's bytes are bounded too")
    func fullOfBytes() {
        var limits = QueueLimits()
        limits.bytes = 1_000
        var rig = BrokerRig(limits: limits)
        rig.hello(1)
        let big = [UInt8](repeating: 0, count: 800)
        #expect(rig.send(.cast, from: 1, id: 1, body: big).map(\.kind) == [.accepted])
        #expect(rig.send(.cast, from: 1, id: 2, body: big).map(\.kind) == [.reject])
        _ = rig.pass(60_000, alive: [1])
        rig.hello(1)
        #expect(rig.send(.cast, from: 1, id: 3, body: big).map(\.kind) == [.accepted], "its bytes were given back")
    }

    @Test("a message that was not taken goes to another worker, as often as needed")
    func redelivery() {
        var rig = BrokerRig()
        for route in 1...6 as ClosedRange<PeerRoute> { rig.hello(route) }
        for route in 2...6 as ClosedRange<PeerRoute> { rig.ready(route) }
        #expect(rig.send(from: 1, id: 1) == [Sent(kind: .call, to: 2, id: 1)])
        for route in 2...5 as ClosedRange<PeerRoute> {
            #expect(rig.answer(.goodbye, from: route, sender: 0, id: 0) == [Sent(kind: .call, to: route + 1, id: 1)])
        }
        #expect(rig.status("t")?.redelivered == 4)
    }

    @Test(
        "a taken message is lost with its worker, unless idempotent: then three workers may die",
        arguments: [false, true])
    func takenAndLost(idempotent: Bool) {
        var rig = BrokerRig()
        for route in 1...5 as ClosedRange<PeerRoute> { rig.hello(route) }
        for route in 2...5 as ClosedRange<PeerRoute> { rig.ready(route) }
        _ = rig.send(from: 1, id: 1, flags: idempotent ? .idempotent : [])
        _ = rig.answer(.taken, from: 2, sender: 1, id: 1)
        let first = rig.answer(.goodbye, from: 2, sender: 0, id: 0)
        guard idempotent else {
            #expect(first == [Sent(kind: .fail, to: 1, id: 1)])
            return
        }
        #expect(first == [Sent(kind: .call, to: 3, id: 1, attempt: 1)])
        _ = rig.answer(.taken, from: 3, sender: 1, id: 1)
        #expect(rig.answer(.goodbye, from: 3, sender: 0, id: 0) == [Sent(kind: .call, to: 4, id: 1, attempt: 2)])
        _ = rig.answer(.taken, from: 4, sender: 1, id: 1)
        #expect(rig.answer(.goodbye, from: 4, sender: 0, id: 0) == [Sent(kind: .fail, to: 1, id: 1)])
    }

    @Test("a worker that loses its connection is waited for, and gets again what was on its way")
    func returning() {
        var rig = BrokerRig()
        rig.hello(1)
        rig.hello(2)
        rig.ready(2)
        _ = rig.send(from: 1, id: 1)
        #expect(
            rig.answer(.taken, from: 2, sender: 1, id: 1) == [
                Sent(kind: .taken, to: 1, id: 1, amount: 2), Sent(kind: .go, to: 2, id: 1),
            ])
        #expect(rig.handle(.gone(2)) == [])
        #expect(rig.pass(300, alive: [1]) == [])
        #expect(
            rig.hello(12, as: 2) == [
                Sent(kind: .welcome, to: 12, id: 0, amount: 7), Sent(kind: .call, to: 12, id: 1),
                Sent(kind: .go, to: 12, id: 1),
            ])
        #expect(rig.answer(.reply, from: 12, sender: 1, id: 1) == [Sent(kind: .reply, to: 1, id: 1)])
    }

    @Test("a worker that stays away is dead after the grace; one that is silent after the limit")
    func dead() {
        var rig = BrokerRig()
        for route in 1...3 as ClosedRange<PeerRoute> { rig.hello(route) }
        rig.ready(2)
        rig.ready(3)
        _ = rig.send(from: 1, id: 1)
        _ = rig.answer(.taken, from: 2, sender: 1, id: 1)
        _ = rig.handle(.gone(2))
        #expect(rig.pass(701, alive: [1, 3]) == [Sent(kind: .fail, to: 1, id: 1)])
        #expect(rig.send(from: 1, id: 2) == [Sent(kind: .call, to: 3, id: 2)])
        #expect(rig.pass(3_001, alive: [1]) == [Sent(kind: .reject, to: 1, id: 2, amount: 1)])
    }

    @Test("fanout goes to each subscriber once, also when it is sent again")
    func fanout() {
        var rig = BrokerRig()
        for route in 1...3 as ClosedRange<PeerRoute> { rig.hello(route) }
        rig.ready(2, .fanout("f"))
        rig.ready(3, .fanout("f"))
        let first = rig.send(.fanout, from: 1, to: .fanout("f"), id: 1)
        #expect(
            first == [
                Sent(kind: .fanout, to: 2, id: 1), Sent(kind: .fanout, to: 3, id: 1),
                Sent(kind: .accepted, to: 1, id: 1),
            ])
        #expect(
            rig.send(.fanout, from: 1, to: .fanout("f"), id: 1, flags: .resent) == [Sent(kind: .accepted, to: 1, id: 1)]
        )
    }

    @Test("a cancelled call leaves the queue, or its worker is told")
    func cancel() {
        var rig = BrokerRig()
        rig.hello(1)
        rig.hello(2)
        rig.ready(2)
        _ = rig.send(from: 1, id: 1)
        _ = rig.send(from: 1, id: 2)
        #expect(rig.answer(.cancel, from: 1, sender: 1, id: 2) == [])
        #expect(rig.status("t")?.ready == 0)
        #expect(rig.answer(.cancel, from: 1, sender: 1, id: 1) == [Sent(kind: .cancel, to: 2, id: 1)])
        _ = rig.answer(.fail, from: 2, sender: 1, id: 1)
        #expect(rig.status("t")?.credit == 1)
    }

    @Test("a dead caller's work is cancelled")
    func deadCaller() {
        var rig = BrokerRig()
        rig.hello(1)
        rig.hello(2)
        rig.ready(2)
        _ = rig.send(from: 1, id: 1)
        #expect(rig.answer(.goodbye, from: 1, sender: 0, id: 0) == [Sent(kind: .cancel, to: 2, id: 1)])
    }

    @Test("a call sent again after its answer was lost goes to the worker that has the answer")
    func resentAfterReply() {
        var rig = BrokerRig()
        for route in 1...3 as ClosedRange<PeerRoute> { rig.hello(route) }
        rig.ready(2)
        rig.ready(3)
        _ = rig.send(from: 1, id: 1)
        _ = rig.answer(.reply, from: 2, sender: 1, id: 1)
        #expect(rig.send(from: 1, id: 1, flags: .resent) == [Sent(kind: .call, to: 2, id: 1)])
        #expect(rig.answer(.reply, from: 2, sender: 1, id: 1) == [Sent(kind: .reply, to: 1, id: 1)])
    }

    @Test("a call sent again from another broker waits for its worker, which is asked and claims it")
    func claim() {
        var rig = BrokerRig()
        for route in 1...3 as ClosedRange<PeerRoute> { rig.hello(route) }
        rig.ready(2)
        rig.ready(3)
        _ = rig.pass(10_000, alive: [1, 2, 3])
        #expect(
            rig.send(from: 1, id: 1, flags: .resent) == [
                Sent(kind: .query, to: 2, id: 1), Sent(kind: .query, to: 3, id: 1),
            ])
        #expect(rig.answer(.disclaim, from: 3, sender: 1, id: 1) == [])
        #expect(
            rig.answer(.taken, from: 2, sender: 1, id: 1, flags: .claim) == [
                Sent(kind: .taken, to: 1, id: 1, amount: 2)
            ])
        #expect(rig.answer(.reply, from: 2, sender: 1, id: 1) == [Sent(kind: .reply, to: 1, id: 1)])
    }

    @Test("one that no worker has is delivered; an idempotent one soon")
    func unclaimed() {
        var rig = BrokerRig()
        rig.hello(1)
        rig.hello(2)
        rig.ready(2, slots: 2)
        _ = rig.pass(10_000, alive: [1, 2])
        #expect(rig.send(from: 1, id: 1, flags: .resent) == [Sent(kind: .query, to: 2, id: 1)])
        #expect(rig.send(from: 1, id: 2, flags: [.resent, .idempotent]) == [Sent(kind: .query, to: 2, id: 2)])
        #expect(rig.answer(.disclaim, from: 2, sender: 1, id: 1) == [Sent(kind: .call, to: 2, id: 1)])
        #expect(rig.pass(299, alive: [1, 2]) == [])
        #expect(rig.pass(1, alive: [1, 2]) == [Sent(kind: .call, to: 2, id: 2)], "it does not wait for ever")
    }

    @Test("one whose worker is gone, or unknown to a broker that has just started, is given up")
    func fateUnknown() {
        var rig = BrokerRig()
        for route in 1...3 as ClosedRange<PeerRoute> { rig.hello(route) }
        rig.ready(2)
        #expect(rig.send(from: 1, id: 1, flags: .resent, amount: 3_000) == [Sent(kind: .query, to: 2, id: 1)])
        #expect(rig.answer(.disclaim, from: 2, sender: 1, id: 1) == [])
        #expect(rig.pass(4_000, alive: [1, 2]) == [Sent(kind: .fail, to: 1, id: 1)], "the broker is too young")
        _ = rig.pass(10_000, alive: [1, 2])
        #expect(
            rig.send(from: 1, id: 2, flags: .resent, amount: 3_000) == [Sent(kind: .query, to: 2, id: 2)])
        #expect(rig.answer(.goodbye, from: 2, sender: 0, id: 0).map(\.kind) == [.fail])
        rig.hello(3)
        rig.ready(3)
        #expect(rig.send(from: 1, id: 3, flags: .resent, amount: 3_000) == [Sent(kind: .query, to: 3, id: 3)])
        #expect(
            rig.answer(.disclaim, from: 3, sender: 1, id: 3) == [Sent(kind: .fail, to: 1, id: 3)],
            "the other worker was there when the other broker was lost")
        #expect(rig.send(from: 1, id: 4, flags: .resent) == [Sent(kind: .query, to: 3, id: 4)])
        #expect(
            rig.answer(.disclaim, from: 3, sender: 1, id: 4) == [Sent(kind: .call, to: 3, id: 4)],
            "its sender knows all that the other broker did")
    }

    @Test("whatever number a sender gives for what it does not know, and whatever worker it names")
    func wildAmounts() {
        var rig = BrokerRig()
        for route in 1...2 as ClosedRange<PeerRoute> { rig.hello(route) }
        rig.ready(2)
        for (id, amount) in [UInt64.max, UInt64(Int64.max), 1 << 62].enumerated() {
            #expect(rig.send(from: 1, id: UInt64(id), flags: .resent, amount: amount).map(\.kind) == [.query])
        }
        // Sent again by a sender that knows by now who has it: only that worker counts.
        #expect(rig.send(from: 1, id: 9, flags: .resent, attempt: 1).map(\.kind) == [.query])
        _ = rig.send(from: 1, id: 9, flags: [.resent, .taken], amount: 77, attempt: 2)
        #expect(rig.pass(4_000, alive: [1, 2]).contains(Sent(kind: .fail, to: 1, id: 9)), "worker 77 is not here")
    }

    @Test("of two brokers that ask for a message the one wins to which its sender turned later")
    func outbid() {
        var rig = BrokerRig()
        for route in 1...2 as ClosedRange<PeerRoute> { rig.hello(route) }
        rig.ready(2)
        _ = rig.pass(10_000, alive: [1, 2])
        #expect(rig.send(from: 1, id: 1, flags: .resent, attempt: 1) == [Sent(kind: .query, to: 2, id: 1, amount: 1)])
        let outbid = DisclaimReason.outbid.rawValue
        #expect(rig.answer(.disclaim, from: 2, sender: 1, id: 1, amount: outbid, attempt: 0) == [], "an older answer")
        #expect(
            rig.send(from: 1, id: 1, flags: .resent, attempt: 3) == [Sent(kind: .query, to: 2, id: 1, amount: 3)])
        #expect(rig.answer(.disclaim, from: 2, sender: 1, id: 1, amount: outbid, attempt: 3) == [])
        #expect(rig.broker.isIdle, "it is the other broker's")
    }

    @Test("after the broker stood still nothing that must not run twice goes out unasked")
    func standstill() {
        var rig = BrokerRig()
        for route in 1...2 as ClosedRange<PeerRoute> { rig.hello(route) }
        rig.ready(2)
        rig.now += 2_000
        #expect(rig.send(from: 1, id: 1) == [Sent(kind: .query, to: 2, id: 1)])
        #expect(rig.send(from: 1, id: 2, flags: .idempotent) == [Sent(kind: .call, to: 2, id: 2)])
    }

    @Test("one that a worker is known to have taken waits for that worker alone")
    func takenElsewhere() {
        var rig = BrokerRig()
        for route in 1...3 as ClosedRange<PeerRoute> { rig.hello(route) }
        rig.ready(2)
        rig.ready(3)
        _ = rig.pass(10_000, alive: [1, 2, 3])
        #expect(
            rig.send(from: 1, id: 1, flags: [.resent, .taken], amount: 3) == [Sent(kind: .query, to: 3, id: 1)])
        #expect(rig.answer(.taken, from: 2, sender: 1, id: 1, flags: .claim) == [], "it was not asked")
        #expect(rig.answer(.disclaim, from: 3, sender: 1, id: 1) == [Sent(kind: .fail, to: 1, id: 1)])
    }

    @Test("a message begins only with the broker's word, and a worker that lost it is told to drop it")
    func word() {
        var rig = BrokerRig()
        for route in 1...3 as ClosedRange<PeerRoute> { rig.hello(route) }
        rig.ready(2)
        rig.ready(3)
        _ = rig.send(.cast, from: 1, id: 1)
        _ = rig.handle(.gone(2))
        #expect(rig.pass(701, alive: [1, 3]) == [Sent(kind: .cast, to: 3, id: 1)], "it was not taken")
        rig.hello(12, as: 2)
        #expect(rig.answer(.taken, from: 12, sender: 1, id: 1) == [Sent(kind: .cancel, to: 12, id: 1)])
        #expect(
            rig.answer(.taken, from: 3, sender: 1, id: 1) == [
                Sent(kind: .taken, to: 1, id: 1, amount: 3), Sent(kind: .go, to: 3, id: 1),
            ])
    }

    @Test("periodic work waits for what somebody waits for, and is not starved")
    func priority() {
        var rig = BrokerRig()
        rig.hello(1)
        rig.hello(2)
        rig.ready(2)
        _ = rig.send(from: 1, id: 1)
        _ = rig.send(.cast, from: 1, id: 2, flags: .background)
        for id in 3...12 as ClosedRange<UInt64> { _ = rig.send(from: 1, id: id) }
        var order: [UInt64] = []
        var current: UInt64 = 1
        for _ in 0..<11 {
            let sent = rig.answer(current == 2 ? .done : .reply, from: 2, sender: 1, id: current)
            guard let next = sent.first(where: { $0.to == 2 }) else { break }
            current = next.id
            order.append(current)
        }
        #expect(order.count == 11)
        #expect(order.first == 3)
        #expect((2...9).contains(order.firstIndex(of: 2) ?? 0))
    }

    @Test("a message goes only to a worker that knows its version")
    func versions() {
        var rig = BrokerRig()
        for route in 1...3 as ClosedRange<PeerRoute> { rig.hello(route) }
        rig.ready(2, versions: ["t": 1])
        #expect(rig.send(from: 1, id: 1, since: 2).map(\.amount) == [RejectReason.noCompatibleWorker.rawValue])
        rig.ready(3, versions: ["t": 2])
        #expect(rig.send(from: 1, id: 2, since: 2) == [Sent(kind: .call, to: 3, id: 2)])
        _ = rig.send(from: 1, id: 3, since: 2)
        #expect(rig.send(from: 1, id: 4) == [Sent(kind: .call, to: 2, id: 4)], "it passes the one that waits")
    }

    @Test("a broker that drains sends what waits elsewhere, and ends what is in hand")
    func drain() {
        var rig = BrokerRig()
        rig.hello(1)
        rig.hello(2)
        rig.ready(2)
        _ = rig.send(from: 1, id: 1)
        _ = rig.send(.cast, from: 1, id: 2)
        #expect(
            rig.handle(.drain) == [
                Sent(kind: .drain, to: 1, id: 0), Sent(kind: .drain, to: 2, id: 0),
                Sent(kind: .reject, to: 1, id: 2, amount: RejectReason.moved.rawValue),
            ])
        #expect(rig.send(from: 1, id: 3).map(\.amount) == [RejectReason.moved.rawValue])
        #expect(!rig.broker.isIdle)
        #expect(rig.answer(.reply, from: 2, sender: 1, id: 1) == [Sent(kind: .reply, to: 1, id: 1)])
        #expect(rig.broker.isIdle)
    }

    @Test("a slow subscriber is told how much it missed")
    func missed() {
        var rig = BrokerRig()
        rig.hello(1)
        rig.hello(2)
        rig.ready(2, .fanout("f"))
        _ = rig.handle(.missed(2, .fanout("f")))
        _ = rig.handle(.missed(2, .fanout("f")))
        #expect(rig.pass(50, alive: [1, 2]) == [Sent(kind: .missed, to: 2, id: 0, amount: 2)])
        #expect(rig.pass(50, alive: [1, 2]) == [])
    }

    @Test("work that waits where its workers are not at home is shown to them")
    func waiting() {
        var rig = BrokerRig()
        rig.hello(1)
        rig.hello(2)
        rig.ready(2, slots: 0)
        #expect(rig.send(from: 1, id: 1).map(\.kind) == [.waiting])
        #expect(rig.ready(2, slots: 1).map(\.kind) == [.accepted, .call])
    }

    @Test("an unknown connection is asked for HELLO; three bad frames end one")
    func strangers() {
        var rig = BrokerRig()
        #expect(
            rig.send(from: 9, id: 1) == [Sent(kind: .reject, to: 9, id: 1, amount: RejectReason.unknownPeer.rawValue)])
        for _ in 0..<3 { #expect(rig.handle(.malformed(9)) == []) }
        #expect(rig.hello(9) == [], "it is ignored now")
        rig.hello(1)
        #expect(rig.send(from: 1, id: 1, instance: 77) == [], "another's id")
    }

    @Test("no worker answers what was not delivered to it")
    func forgedReply() {
        var rig = BrokerRig()
        for route in 1...3 as ClosedRange<PeerRoute> { rig.hello(route) }
        rig.ready(2)
        _ = rig.send(from: 1, id: 1)
        #expect(rig.answer(.reply, from: 3, sender: 1, id: 1) == [])
        #expect(rig.answer(.reply, from: 2, sender: 1, id: 1) == [Sent(kind: .reply, to: 1, id: 1)])
    }
}
