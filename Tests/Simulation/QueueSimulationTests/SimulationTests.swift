import Foundation
import Testing

@testable import NovaMessaging

/// Runs of brokers, senders and workers in virtual time: `tools/test --simulation SEEDS`.
///
/// `NOVA_SIMULATION_SEEDS` says how many, `NOVA_SIMULATION_FIRST` which is the first, `NOVA_SIMULATION_FOLLOW` the
/// message whose way is printed.
@Suite("Queue simulation")
struct SimulationTests {
    private static func option(_ name: String) -> String? {
        ProcessInfo.processInfo.environment["NOVA_SIMULATION_" + name]
    }

    @Test("no rule is broken in any of many runs with faults")
    func seeds() async {
        let count = Self.option("SEEDS").flatMap(UInt64.init) ?? 100
        let first = Self.option("FIRST").flatMap(UInt64.init) ?? 1
        let follow = Self.option("FOLLOW")
        let total = await withTaskGroup(of: [QueueSimulation.Report].self) { group in
            let lanes = UInt64(max(1, ProcessInfo.processInfo.activeProcessorCount))
            for lane in 0..<lanes {
                group.addTask {
                    stride(from: first + lane, to: first + count, by: UInt64.Stride(lanes)).map { seed in
                        let report = QueueSimulation(seed: seed, follow: follow).run()
                        #expect(
                            report.violations.isEmpty,
                            "seed \(seed): \(report.violations.prefix(5).joined(separator: "; "))")
                        return report
                    }
                }
            }
            return await group.reduce(into: QueueSimulation.Report()) { total, reports in
                for report in reports { total.add(report) }
            }
        }
        print(
            """
            \(count) seeds, \(total.events) events, \(total.operations) messages, \(total.succeeded) of \(total.calls) \
            calls succeeded, \(total.reported) of \(total.casts) accepted casts were reported as dead letters
            """)
        #expect(total.succeeded * 10 >= total.calls * 9, "nine of ten calls succeed in spite of all")
    }

    @Test("the same seed gives the same run")
    func replay() {
        #expect(QueueSimulation(seed: 42).run().hash == QueueSimulation(seed: 42).run().hash)
        #expect(QueueSimulation(seed: 42).run().hash != QueueSimulation(seed: 43).run().hash)
    }
}
