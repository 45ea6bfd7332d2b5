import NovaCore
import NovaWire
import Testing

@testable import NovaMessaging

/// What the chaos test (`tools/tests/chaos.sh`) has found.
@Suite("Broker rules after faults")
struct BrokerRecoveryTests {
    typealias Sent = BrokerRig.Sent

    /// A broker that is old enough to know all workers: sender 1, workers 2 and 3.
    private func rig() -> BrokerRig {
        var rig = BrokerRig()
        for route in 1...3 as ClosedRange<PeerRoute> { rig.hello(route) }
        rig.ready(2)
        rig.ready(3)
        _ = rig.pass(10_000, alive: [1, 2, 3])
        return rig
    }

    @Test("a cast that came again is accepted only when it goes on; else its sender hears of it")
    func acceptedLate() {
        var rig = rig()
        #expect(rig.send(.cast, from: 1, id: 1, flags: .resent).map(\.kind) == [.query, .query])
        #expect(rig.answer(.disclaim, from: 2, sender: 1, id: 1) == [])
        #expect(
            rig.answer(.disclaim, from: 3, sender: 1, id: 1).map(\.kind) == [.accepted, .cast])
        #expect(rig.send(.cast, from: 1, id: 2, flags: .resent, amount: 3_000).map(\.kind) == [.query, .query])
        #expect(rig.answer(.disclaim, from: 2, sender: 1, id: 2) == [])
        #expect(rig.answer(.goodbye, from: 3, sender: 0, id: 0).map(\.kind).filter { $0 == .fail } == [.fail])
    }

    @Test("what a silent worker may have waits for its return, and is given up when it stays away")
    func silentWorker() {
        var rig = rig()
        let call = rig.send(from: 1, id: 1, flags: .resent, amount: 500)
        #expect(call.map(\.kind) == [.query, .query])
        #expect(rig.answer(.disclaim, from: 2, sender: 1, id: 1) == [])
        #expect(rig.pass(3_100, alive: [1, 2]) == [], "worker 3 is lost, and may be back")
        rig.hello(13, as: 3)
        #expect(rig.ready(13, instance: 3).contains(Sent(kind: .query, to: 13, id: 1)))
        #expect(rig.answer(.disclaim, from: 13, sender: 1, id: 1).map(\.kind) == [.call])
        _ = rig.pass(3_100, alive: [1, 2])
        #expect(rig.send(from: 1, id: 2, flags: .resent, amount: 500) == [Sent(kind: .query, to: 2, id: 2)])
        #expect(rig.answer(.disclaim, from: 2, sender: 1, id: 2) == [])
        #expect(rig.pass(2_900, alive: [1, 2]) == [])
        #expect(rig.pass(3_100, alive: [1, 2]).map(\.kind) == [.fail])
    }

    @Test("a peer that comes back to the broker that it knows does not make others wait")
    func sameBroker() {
        var rig = rig()
        rig.hello(13, as: 3, returning: true, boot: 7)
        _ = rig.send(from: 1, id: 1, flags: .resent)
        _ = rig.answer(.disclaim, from: 2, sender: 1, id: 1)
        #expect(rig.answer(.disclaim, from: 13, sender: 1, id: 1).map(\.kind) == [.call])
        rig.hello(12, as: 2, returning: true, boot: 8)
        _ = rig.send(from: 1, id: 2, flags: .resent)
        _ = rig.answer(.disclaim, from: 12, sender: 1, id: 2)
        #expect(rig.answer(.disclaim, from: 13, sender: 1, id: 2) == [], "the one it knew was another")
    }

    @Test("a worker that has started since another broker was lost may stand in for one that ran the message")
    func newWorker() {
        var rig = rig()
        rig.hello(4, age: 2_000)
        rig.ready(4)
        #expect(rig.send(from: 1, id: 1, flags: .resent, amount: 3_000).map(\.kind) == [.query, .query, .query])
        for worker in [2, 3] as [PeerRoute] { #expect(rig.answer(.disclaim, from: worker, sender: 1, id: 1) == []) }
        #expect(rig.answer(.disclaim, from: 4, sender: 1, id: 1).map(\.kind) == [.fail])
        #expect(rig.send(from: 1, id: 2, flags: .resent, amount: 1_000).map(\.kind) == [.query, .query, .query])
        for worker in [2, 3] as [PeerRoute] { #expect(rig.answer(.disclaim, from: worker, sender: 1, id: 2) == []) }
        #expect(rig.answer(.disclaim, from: 4, sender: 1, id: 2).map(\.kind) == [.call])
    }

    @Test("what its worker had not begun goes on, though its broker was lost after it was taken")
    func takenAndNotBegun() {
        var rig = rig()
        #expect(rig.send(.cast, from: 1, id: 1, flags: [.resent, .taken], amount: 3).map(\.kind) == [.query])
        #expect(
            rig.answer(.disclaim, from: 3, sender: 1, id: 1, amount: DisclaimReason.unbegun.rawValue).map(\.kind) == [
                .accepted, .cast,
            ])
        #expect(rig.send(.cast, from: 1, id: 2, flags: [.resent, .taken], amount: 3).map(\.kind) == [.query])
        #expect(
            rig.answer(.disclaim, from: 3, sender: 1, id: 2).map(\.kind).contains(.fail), "it may have run long ago")
    }

    @Test("an answer to a question that was asked twice is none to the delivery in between")
    func answeredTwice() {
        var rig = BrokerRig()
        for route in 1...2 as ClosedRange<PeerRoute> { rig.hello(route) }
        rig.ready(2)
        _ = rig.pass(10_000, alive: [1, 2])
        _ = rig.send(.cast, from: 1, id: 1, flags: .resent)
        #expect(rig.answer(.disclaim, from: 2, sender: 1, id: 1).map(\.kind) == [.accepted, .cast])
        #expect(rig.answer(.disclaim, from: 2, sender: 1, id: 1) == [])
        #expect(rig.answer(.taken, from: 2, sender: 1, id: 1).map(\.kind) == [.taken, .go])
    }

    @Test("a broker that stood still does not know which workers came meanwhile")
    func stoodStill() {
        var rig = rig()
        rig.now += 5_000
        _ = rig.handle(.tick)
        for route in 1...3 as ClosedRange<PeerRoute> { rig.hello(route, returning: true, boot: 7) }
        rig.ready(2)
        rig.ready(3)
        #expect(rig.send(from: 1, id: 1, flags: .resent, amount: 4_000).map(\.kind) == [.query, .query])
        for worker in [2, 3] as [PeerRoute] { #expect(rig.answer(.disclaim, from: worker, sender: 1, id: 1) == []) }
        let kinds = rig.pass(4_000, alive: [1, 2, 3]).map(\.kind)
        #expect(kinds.contains(.fail) && !kinds.contains(.call))
    }

    @Test("what a broker had given away before it stood still does not go to the next worker that comes")
    func givenAwayBefore() {
        var rig = BrokerRig()
        for route in 1...2 as ClosedRange<PeerRoute> { rig.hello(route) }
        rig.ready(2)
        _ = rig.pass(10_000, alive: [1, 2])
        #expect(rig.send(.cast, from: 1, id: 1).map(\.kind) == [.accepted, .cast])
        rig.now += 5_000
        _ = rig.handle(.tick)
        rig.hello(11, as: 1, returning: true, boot: 7)
        rig.hello(3)
        let kinds = rig.ready(3).map(\.kind) + rig.pass(8_000, alive: [11, 3]).map(\.kind)
        #expect(!kinds.contains(.cast))
        #expect(rig.broker.deadLetters.map(\.reason).contains { $0.hasPrefix("may have run") })
    }

    @Test("a sender keeps its copy of a cast until the cast has ended")
    func settledAtTheEnd() {
        var rig = rig()
        #expect(rig.send(.cast, from: 1, id: 1).map(\.kind) == [.accepted, .cast])
        let worker = PeerRoute(rig.broker.messages.values.first?.worker?.instance ?? 0)
        let told = rig.answer(.taken, from: worker, sender: 1, id: 1)
        #expect(told.contains(Sent(kind: .taken, to: 1, id: 1, amount: UInt64(worker))))
        #expect(!told.map(\.kind).contains(.settled))
        #expect(rig.answer(.done, from: worker, sender: 1, id: 1) == [Sent(kind: .settled, to: 1, id: 1)])
    }

    @Test("what was held goes on in the order in which it came, before what came later")
    func heldInOrder() {
        var rig = BrokerRig()
        for route in 1...2 as ClosedRange<PeerRoute> { rig.hello(route) }
        rig.ready(2, slots: 1)
        _ = rig.pass(10_000, alive: [1, 2])
        let first = rig.send(from: 1, id: 9, flags: .idempotent)
        #expect(first == [Sent(kind: .call, to: 2, id: 9)], "the worker's only slot")
        for id in 1...3 as ClosedRange<UInt64> { _ = rig.send(from: 1, id: id, flags: .resent) }
        _ = rig.send(from: 1, id: 4)
        for id in 1...3 as ClosedRange<UInt64> { _ = rig.answer(.disclaim, from: 2, sender: 1, id: id) }
        #expect(rig.broker.queues[.topic("t")]?.pending.map(\.id.counter) == [1, 2, 3, 4])
    }
}
