import NovaCore
import Testing

@Suite("WakeUp")
struct WakeUpTests {
    @Test("A signal before the wait is remembered, and only once.")
    func remembered() async {
        let wakeUp = WakeUp()
        wakeUp.signal()
        wakeUp.signal()
        await wakeUp.wait(atMost: .seconds(3600))
        let start = ContinuousClock.now
        await wakeUp.wait(atMost: .milliseconds(20))
        #expect(ContinuousClock.now - start >= .milliseconds(20))
    }

    @Test("Every wait lasts its time, also after earlier ones ended by theirs.")
    func repeated() async {
        let wakeUp = WakeUp()
        for _ in 0..<3 {
            let start = ContinuousClock.now
            await wakeUp.wait(atMost: .milliseconds(10))
            #expect(ContinuousClock.now - start >= .milliseconds(10))
        }
    }

    @Test("A signal ends a wait, and cancellation does.")
    func ends() async {
        let wakeUp = WakeUp()
        let waiting = Task { await wakeUp.wait(atMost: .seconds(3600)) }
        wakeUp.signal()
        await waiting.value
        let cancelled = Task { await wakeUp.wait(atMost: .seconds(3600)) }
        cancelled.cancel()
        await cancelled.value
    }

    @Test("No time at all is no endless wait.")
    func zero() async { await WakeUp().wait(atMost: .zero) }
}
