import NovaCore
import NovaModel
import Testing
import VirtDriver

@testable import NovaCompute

@Suite("Live migration: time and wishes")
struct MigrationPilotTests {
    private func policy(completes: Bool = false) -> MigrationPolicy {
        MigrationPolicy(timePerGiB: .seconds(10), completesLate: completes)
    }

    @Test func timeGrowsWithMemoryAndDisks() {
        var needs = GuestNeeds()
        needs.memoryMB = 8 << 10
        needs.disks = [
            GuestDisk("disk", format: "qcow2", virtualSize: 20 << 30, allocated: 1),
            GuestDisk("disk.swap", format: "raw", virtualSize: 1 << 20, allocated: 1),
        ]
        #expect(policy().limit(for: needs) == .seconds(300))
        needs.memoryMB = .max
        needs.disks[0].virtualSize = .max
        #expect(policy().limit(for: needs).map { $0 > .seconds(1 << 40) } == true)
        var unbounded = policy()
        unbounded.timePerGiB = .zero
        #expect(unbounded.limit(for: needs) == nil)
    }

    @Test func aWishComesFirst() {
        var pilot = MigrationPilot(policy(), limit: .seconds(10))
        #expect(pilot.next(elapsed: nil, wish: nil) == .goOn)
        #expect(pilot.next(elapsed: .seconds(1), wish: nil) == .goOn)
        #expect(pilot.next(elapsed: .seconds(1), wish: .forceComplete) == .complete)
        // Once is enough.
        #expect(pilot.next(elapsed: .seconds(2), wish: .forceComplete) == .goOn)
        #expect(pilot.next(elapsed: .seconds(3), wish: .abort) == .abort)
        #expect(pilot.next(elapsed: .seconds(4), wish: .abort) == .abort)
    }

    @Test func oneThatWaitsIsAbortedButNotForced() {
        var pilot = MigrationPilot(policy(), limit: .seconds(10))
        #expect(pilot.next(elapsed: nil, wish: .forceComplete) == .goOn)
        #expect(pilot.next(elapsed: nil, wish: .abort) == .abort)
        #expect(!pilot.isCompleting)
    }

    @Test func aLateOneEndsByPolicy() {
        var aborting = MigrationPilot(policy(), limit: .seconds(10))
        #expect(aborting.next(elapsed: .seconds(9), wish: nil) == .goOn)
        #expect(aborting.next(elapsed: .seconds(10), wish: nil) == .abort)
        var completing = MigrationPilot(policy(completes: true), limit: .seconds(10))
        #expect(completing.next(elapsed: .seconds(10), wish: nil) == .complete)
        #expect(completing.next(elapsed: .seconds(19), wish: nil) == .goOn)
        #expect(completing.next(elapsed: .seconds(20), wish: nil) == .abort)
        var unbounded = MigrationPilot(policy(), limit: nil)
        #expect(unbounded.next(elapsed: .seconds(1 << 40), wish: nil) == .goOn)
    }

    @Test func aGuestThatHasMovedBeforeItsMemoryIsNotAborted() {
        var pilot = MigrationPilot(policy(completes: true), limit: .seconds(10))
        #expect(pilot.next(elapsed: .seconds(10), wish: nil) == .complete)
        pilot.completes(by: .postCopy)
        #expect(pilot.next(elapsed: .seconds(11), wish: .abort) == .goOn)
        #expect(pilot.next(elapsed: .seconds(100), wish: nil) == .goOn)
    }

    @Test func aGuestThatStandsStillIsAborted() {
        var pilot = MigrationPilot(policy(completes: true), limit: .seconds(10))
        #expect(pilot.next(elapsed: .seconds(10), wish: nil) == .complete)
        pilot.completes(by: .pause)
        #expect(pilot.next(elapsed: .seconds(11), wish: nil) == .goOn)
        #expect(pilot.next(elapsed: .seconds(12), wish: .abort) == .abort)
    }

    @Test func aFlightBeginsUnlessItWasAborted() throws {
        let flight = MigrationFlight()
        #expect(flight.elapsed == nil)
        try flight.begin()
        #expect(flight.elapsed != nil && flight.abort() && flight.isAborted)
        let other = MigrationFlight()
        #expect(!other.abort())
        #expect(throws: MigrationFlight.aborted) { try other.begin() }
    }

    @Test func progressIsWhatIsThere() {
        var figures = MigrationFigures()
        #expect(figures.percentage == 0)
        (figures.memoryTotal, figures.memoryRemaining) = (200, 51)
        #expect(figures.percentage == 74)
        (figures.memoryTotal, figures.memoryRemaining) = (.max, -1)
        #expect(figures.percentage == 100)
    }
}
