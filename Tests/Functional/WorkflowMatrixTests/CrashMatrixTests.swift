import CloudKit
import NovaCore
import Synchronization
import Testing

/// Every step of every workflow against everything that may happen to it; each case says how it must end.
@Suite("Crash matrix")
struct CrashMatrixTests {
    /// Clouds that work side by side; each plays its cases one after the other.
    private static let clouds = 8

    @Test("every case ends as it must and leaves nothing behind")
    func matrix() async throws {
        let first = try await TestCloud()
        let all = CrashMatrix.cases(steps: first.workflowSteps)
        await first.stop()
        let wanted = Environment.filter.map { filter in all.filter { "\($0)".contains(filter) } } ?? all
        let round = CrashRound(wanted)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<Self.clouds { group.addTask { await round.play() } }
        }
        for failure in round.failures { Issue.record("\(failure)") }
        print("crash matrix: \(wanted.count) cases, \(round.failures.count) failed")
        if Environment.filter == nil { #expect(wanted.count > 300) }
    }
}

/// The cases that are still to be played, and what went wrong.
final class CrashRound: Sendable {
    private let rest: Mutex<[CrashCase]>
    private let problems = Mutex<[String]>([])

    init(_ cases: [CrashCase]) { rest = Mutex(cases.reversed()) }

    var failures: [String] { problems.withLock { $0 } }

    /// Plays cases on one cloud until there are no more; after one that failed, on another cloud.
    func play() async {
        var cloud: TestCloud?
        while let crash = rest.withLock({ $0.popLast() }) {
            let started = ContinuousClock.now
            var found: [String]
            do {
                let current: TestCloud
                if let cloud { current = cloud } else { current = try await TestCloud() }
                cloud = current
                found = try await CrashRun(cloud: current, crash: crash).play()
            } catch {
                found = ["\(error)"]
            }
            if Environment.isVerbose { print("\(ContinuousClock.now - started) \(crash) \(found)") }
            guard !found.isEmpty else { continue }
            problems.withLock { $0.append("\(crash): \(found.joined(separator: "; "))") }
            // Whatever is left of it must not disturb the others.
            await cloud?.stop()
            cloud = nil
        }
        await cloud?.stop()
    }
}
