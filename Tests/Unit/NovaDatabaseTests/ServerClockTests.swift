import NovaCore
import Testing

@testable import NovaDatabase

@Suite("The clock of a database server")
struct ServerClockTests {
    private let told = Timestamp(microseconds: 1_000_000_000)
    private let start = ContinuousClock.now

    @Test("goes on with this machine's, until it is asked again")
    func goesOn() {
        var clock = ServerClock()
        #expect(clock.now(at: start) == nil)
        clock.set(told, asked: start, answered: start + .milliseconds(5))
        #expect(clock.now(at: start + .milliseconds(5)) == told)
        #expect(clock.now(at: start + .milliseconds(1_505)) == told.adding(.milliseconds(1_500)))
        #expect(clock.now(at: start + .milliseconds(5) + ServerClock.lifetime) == nil)
        #expect(clock.now(at: start) == nil)
    }

    @Test("an answer that came late is of no use")
    func late() {
        var clock = ServerClock()
        clock.set(told, asked: start, answered: start + .milliseconds(1))
        clock.set(told, asked: start, answered: start + ServerClock.delayLimit + .milliseconds(1))
        #expect(clock.now(at: start + ServerClock.delayLimit + .milliseconds(1)) == nil)
    }
}
