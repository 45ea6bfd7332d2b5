import Foundation
import Testing

@testable import NovaMessaging

@Suite("Queue simulation")
struct SimulationTests {
    @Test("no rule is broken in any of many runs with faults")
    func seeds() {
        let count = ProcessInfo.processInfo.environment["NOVA_SIMULATION_SEEDS"].flatMap(UInt64.init) ?? 50
        let first = ProcessInfo.processInfo.environment["NOVA_SIMULATION_FIRST"].flatMap(UInt64.init) ?? 1
        var total = QueueSimulation.Report()
        for seed in first..<(first + count) {
            let report = QueueSimulation(
                seed: seed, follow: ProcessInfo.processInfo.environment["NOVA_SIMULATION_FOLLOW"]
            ).run()

            total.operations += report.operations
            total.calls += report.calls
            total.succeeded += report.succeeded
            total.ambiguous += report.ambiguous
            total.events += report.events
            total.letters.merge(report.letters, uniquingKeysWith: +)
            #expect(report.violations.isEmpty, "seed \(seed): \(report.violations.prefix(5).joined(separator: "; "))")
        }
        print(total.letters.sorted { $0.value > $1.value }.map { "\($0.key): \($0.value)" })
        print(
            "\(count) seeds, \(total.events) events, \(total.operations) messages, \(total.succeeded) of \(total.calls) calls succeeded, \(total.ambiguous) accepted casts reported as lost"
        )
    }

    @Test("the same seed gives the same run")
    func replay() {
        #expect(QueueSimulation(seed: 42).run().hash == QueueSimulation(seed: 42).run().hash)
    }
}
