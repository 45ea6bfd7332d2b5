import NovaCore
import NovaWorkflow
import Testing

@Suite("Rules of progress")
struct ProgressTests {
    private let times = WorkflowTimes()

    private func answer(
        transient: Bool, mayFail: Bool = false, attempts: Int64 = 1, stuck: Duration = .zero, age: Duration = .zero,
        down: Bool = false
    ) -> WorkflowProgress.Answer {
        WorkflowProgress.answer(
            to: .init(
                isTransient: transient, mayFail: mayFail, attempts: attempts, stuck: stuck, age: age,
                deadline: .seconds(600), waitsForDownHost: down), times: times)
    }

    @Test("A step that may fail is tried until the deadline, and fails at once for good reason.")
    func forward() {
        #expect(answer(transient: true, mayFail: true, age: .seconds(599)) == .retry(after: .milliseconds(100)))
        #expect(answer(transient: true, mayFail: true, age: .seconds(600)) == .fail)
        #expect(answer(transient: false, mayFail: true) == .fail)
        #expect(answer(transient: true, mayFail: true, stuck: .seconds(300), down: true) != .owe)
    }

    @Test("What must be done is owed when patience ends, when the host is down, and after three failures for good.")
    func owing() {
        #expect(answer(transient: true, stuck: .seconds(29)) == .retry(after: .milliseconds(100)))
        #expect(answer(transient: true, stuck: .seconds(30)) == .owe)
        #expect(answer(transient: true, down: true) == .owe)
        #expect(answer(transient: false, attempts: 2) == .retry(after: .milliseconds(200)))
        #expect(answer(transient: false, attempts: 3) == .owe)
    }

    @Test("Pauses double up to their longest, whatever number a row holds.")
    func pauses() {
        #expect(answer(transient: true, attempts: .max) == .retry(after: .seconds(10)))
        #expect(answer(transient: true, attempts: .min) == .retry(after: .milliseconds(100)))
        let owed = (1...6).map { WorkflowProgress.owedPause(attempts: $0, times: times) }
        #expect(owed == [5, 10, 20, 40, 60, 60].map { .seconds($0) })
    }
}
