import CloudKit
import DatabaseTestKit
import NovaCore
import Synchronization
import Testing

/// Every step of every workflow against everything that may happen to it; each case says how it must end.
@Suite("Crash matrix", .serialized)
struct CrashMatrixTests {
    @Test("every case ends as it must and leaves nothing behind", arguments: DatabaseKind.available)
    func matrix(kind: DatabaseKind) async throws {
        let first = try await TestCloud(CrashRound.options(kind))
        let all = CrashMatrix.cases(steps: first.workflowSteps)
        await first.stop()
        var (wanted, note) = (all, "all of them")
        if let filter = Environment.filter {
            wanted = all.filter { "\($0)".contains(filter) }
            note = "those with \"\(filter)\""
        } else if kind != .sqlite, !Environment.isFull {
            let sample = CrashSample(of: all, seed: Environment.seed)
            (wanted, note) = (sample.cases, "\(sample)")
        }
        let round = CrashRound(wanted, on: kind)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<round.clouds { group.addTask { await round.play() } }
        }
        for failure in round.failures { Issue.record("\(failure)") }
        print("crash matrix on \(kind): \(wanted.count) cases, \(round.failures.count) failed (\(note))")
        #expect(all.count > 300)
    }
}

/// The cases that are still to be played, and what went wrong.
final class CrashRound: Sendable {
    private let rest: Mutex<[CrashCase]>
    private let problems = Mutex<[String]>([])
    private let kind: DatabaseKind
    /// Clouds that work side by side; each plays its cases one after the other.
    let clouds: Int

    init(_ cases: [CrashCase], on kind: DatabaseKind) {
        rest = Mutex(cases.reversed())
        self.kind = kind
        clouds = max(1, min(8, cases.count / 8))
    }

    static func options(_ kind: DatabaseKind) -> TestCloud.Options {
        var options = TestCloud.Options()
        options.database = kind
        // What leaves a shelved server's host is an action of its own here.
        options.settings = ["DEFAULT.shelved_offload_time=-1"]
        return options
    }

    var failures: [String] { problems.withLock { $0 } }

    /// Plays cases on one cloud until there are no more; after one that failed, on another cloud.
    func play() async {
        var cloud: TestCloud?
        var played = 0
        while let crash = rest.withLock({ $0.popLast() }) {
            let started = ContinuousClock.now
            var found: [String]
            do {
                let current: TestCloud
                if let cloud { current = cloud } else { current = try await TestCloud(Self.options(kind)) }
                cloud = current
                found = try await CrashRun(cloud: current, crash: crash).play()
            } catch {
                found = ["\(error)"]
            }
            if Environment.isVerbose { print("\(ContinuousClock.now - started) \(kind) \(crash) \(found)") }
            played += 1
            if !found.isEmpty {
                problems.withLock { $0.append("\(kind): \(crash): \(found.joined(separator: "; "))") }
            } else if kind == .sqlite || played % 20 > 0 {
                continue
            }
            // Whatever is left of a case that failed must not disturb the others; and what was killed keeps its
            // connections to the server, which has so many.
            await cloud?.stop()
            cloud = nil
        }
        await cloud?.stop()
    }
}
