import NovaCore
import Synchronization
import Testing

@Suite struct GateTests {
    /// How many are inside, and how many were at most.
    private final class Crowd: Sendable {
        private let state = Mutex((now: 0, most: 0))
        func enter() {
            state.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
        }
        func leave() { state.withLock { $0.now -= 1 } }
        var most: Int { state.withLock { $0.most } }
    }

    @Test func holdsAtMostItsLimit() async throws {
        let gate = AsyncGate(limit: 3)
        let crowd = Crowd()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await gate.with {
                        crowd.enter()
                        await Task.yield()
                        crowd.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect((1...3).contains(crowd.most))
    }

    @Test func cancelledWaitersLeaveNothingBehind() async throws {
        let gate = AsyncGate(limit: 1)
        let entered = WakeUp()
        let release = WakeUp()
        let holder = Task {
            try await gate.with {
                entered.signal()
                await release.wait(atMost: .seconds(60))
            }
        }
        await entered.wait(atMost: .seconds(60))
        let waiter = Task { try await gate.with { Issue.record("a cancelled waiter entered") } }
        waiter.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
        release.signal()
        try await holder.value
        #expect(try await gate.with { true })
    }

    @Test func releasesWhenTheBodyThrows() async throws {
        let gate = AsyncGate(limit: 1)
        await #expect(throws: NovaError(.conflict, "no")) { try await gate.with { throw NovaError(.conflict, "no") } }
        #expect(try await gate.with { 7 } == 7)
    }

    @Test func keysDoNotBlockEachOther() async throws {
        let gate = KeyedGate<String>()
        let answer = try await gate.with("a") { try await gate.with("b") { 1 } }
        #expect(answer == 1)
        let crowd = Crowd()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<40 {
                group.addTask {
                    try await gate.with(index % 2 == 0 ? "even" : "odd") {
                        crowd.enter()
                        await Task.yield()
                        crowd.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect((1...2).contains(crowd.most))
    }

    @Test func wakeUpsAreRememberedAndMerged() async {
        let wake = WakeUp()
        wake.signal()
        wake.signal()
        await wake.wait(atMost: .seconds(60))
        let start = ContinuousClock.now
        await wake.wait(atMost: .milliseconds(5))
        #expect(ContinuousClock.now - start >= .milliseconds(5))
    }

    /// A wait that ended by its limit must not make the next ones return at once.
    @Test func wakeUpsStillWaitAfterALimitHasPassed() async {
        let wake = WakeUp()
        await wake.wait(atMost: .milliseconds(1))
        let start = ContinuousClock.now
        await wake.wait(atMost: .milliseconds(20))
        #expect(ContinuousClock.now - start >= .milliseconds(20))
        wake.signal()
        let signalled = ContinuousClock.now
        await wake.wait(atMost: .seconds(600))
        #expect(ContinuousClock.now - signalled < .seconds(300))
    }

    @Test func cancelledWaitsReturnAtOnceAndLoseNoSignal() async {
        let wake = WakeUp()
        let waiter = Task { await wake.wait(atMost: .seconds(600)) }
        waiter.cancel()
        await waiter.value
        wake.signal()
        let start = ContinuousClock.now
        await wake.wait(atMost: .seconds(600))
        #expect(ContinuousClock.now - start < .seconds(300))
    }
}
