import NovaCore
import Testing

@Suite struct DeadlineTests {
    @Test func returnsWhatFinishesInTime() async throws {
        #expect(try await Deadline.after(.seconds(30)).bound("add") { 1 + 1 } == 2)
    }

    @Test func cancelsWhatDoesNot() async {
        let cancelled = WakeUp()
        await #expect(throws: NovaError(.timeout, "The operation did not finish in time.", details: "wait")) {
            try await Deadline.after(.milliseconds(1)).bound("wait") {
                await WakeUp().wait(atMost: .seconds(600))
                if Task.isCancelled { cancelled.signal() }
                try Task.checkCancellation()
            }
        }
        await cancelled.wait(atMost: .seconds(5))
    }

    @Test func passesErrorsOn() async {
        await #expect(throws: NovaError(.notFound, "gone")) {
            try await Deadline.after(.seconds(30)).bound("find") { throw NovaError(.notFound, "gone") }
        }
    }

    @Test func neverGoesBelowZero() {
        let past = Deadline(.now - .seconds(5))
        #expect(past.hasPassed)
        #expect(past.remaining == .zero)
        #expect(past.remainingMilliseconds == 0)
        #expect(past < Deadline.after(.seconds(1)))
    }

    @Test func convertsDurations() {
        #expect(Duration.milliseconds(1500).milliseconds == 1500)
        #expect(Duration.microseconds(1500).milliseconds == 1)
        #expect(Duration.microseconds(1500).microseconds == 1500)
        #expect(Duration.milliseconds(250).seconds == 0.25)
    }
}
