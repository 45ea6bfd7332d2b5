import NovaMessaging
import Testing

@testable import NovaService

@Suite("Patience with a queue connection")
struct QueuePatienceTests {
    private let start = ContinuousClock.now

    @Test("before the first complete connection it is starting, however long that takes")
    func starting() {
        var patience = QueuePatience()
        patience.note(.lost, at: start)
        #expect(patience.state(at: start) == .starting("no broker answers"))
        #expect(patience.deadline == nil)
        patience.note(.connected(unconfirmed: 2), at: start + .seconds(9))
        #expect(
            patience.state(at: start + .seconds(9))
                == .starting("the broker has not confirmed 2 of the queues served here"))
        patience.note(.connected(unconfirmed: 0), at: start + .seconds(10))
        #expect(patience.state(at: start + .seconds(10)) == .ready)
    }

    @Test("a connection that is soon back was never away")
    func shortLoss() {
        var patience = QueuePatience()
        patience.note(.connected(unconfirmed: 0), at: start)
        patience.note(.lost, at: start + .seconds(1))
        #expect(patience.state(at: start + .seconds(2)) == .ready)
        patience.note(.connected(unconfirmed: 0), at: start + .seconds(2))
        #expect(patience.state(at: start + .seconds(60)) == .ready)
        #expect(patience.deadline == nil)
    }

    @Test("one that stays away has failed from the deadline on, whatever half news comes meanwhile")
    func longLoss() {
        var patience = QueuePatience()
        patience.note(.connected(unconfirmed: 0), at: start)
        patience.note(.lost, at: start)
        patience.note(.connected(unconfirmed: 1), at: start + .seconds(1))
        patience.note(.lost, at: start + .milliseconds(1_500))
        #expect(patience.deadline == start + QueuePatience.grace)
        #expect(patience.state(at: start + QueuePatience.grace - .milliseconds(1)) == .ready)
        #expect(patience.state(at: start + QueuePatience.grace) == .failed("no broker answers"))
        patience.note(.connected(unconfirmed: 0), at: start + .seconds(30))
        #expect(patience.state(at: start + .seconds(30)) == .ready)
    }
}
