import CloudKit
import CommonTestKit
import Foundation
import NovaCore
import NovaDatabase
import NovaModel
import NovaStore
import Testing

/// The whole cloud in virtual time: an hour of it takes less than a minute.
///
/// The clock is the whole process's, so these tests run by themselves: `tools/test --only simulated`.
@Suite("Simulated cloud", .serialized, .enabled(if: Settings.isAlone, "tools/test --only simulated"))
struct CloudSimulationTests {
    @Test("Waiting takes no time: hours pass at once, in order; and a sleep that is cancelled ends.")
    func clock() async throws {
        let time = try SimulatedTime()
        defer { time.end() }
        let (began, wall) = (ContinuousClock.now, Timestamp.now())
        async let long: Void = SteadyClock.sleep(for: .seconds(7200))
        try await SteadyClock.sleep(for: .seconds(3600))
        #expect(time.elapsed >= .seconds(3600) && time.elapsed < .seconds(3601))
        try await long
        #expect(time.elapsed >= .seconds(7200) && time.elapsed < .seconds(7201))
        await WakeUp().wait(atMost: .seconds(60))
        #expect(Timestamp.now().elapsed(since: wall) >= .seconds(7260))
        let cancelled = Task { try await SteadyClock.sleep(for: .seconds(7200)) }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        #expect(time.elapsed < .seconds(7300))
        #expect(ContinuousClock.now - began < .seconds(10))
    }

    @Test("An hour of churn, with hosts and conductors that die and databases that fail, gives no finding.")
    func hour() async throws {
        let length = Duration.seconds(Settings.seconds)
        let plan = Self.plan(Settings.seed, length)
        print("simulated churn: NOVA_SIMULATION_SEED=\(plan.seed), \(plan.count) operations")
        let began = ContinuousClock.now
        let (outcome, elapsed) = try await Self.simulate { try await Churn($0).play(plan) }
        print(
            """
            simulated churn: \(Int(elapsed.seconds)) s in \(Int((ContinuousClock.now - began).seconds)) s, \
            \(outcome.log.count) operations, \(outcome.hostsRestarted) hosts and \(outcome.conductorsRestarted) \
            conductors restarted, \(outcome.looks.count) looks of the reconcilers, \(outcome.findings.count) findings
            """)
        #expect(outcome.problems == [])
        #expect(outcome.findings == [])
        #expect(elapsed >= length)
        #expect(outcome.log.count == plan.count)
        #expect(outcome.looks.count >= Settings.seconds / 90)
        #expect(outcome.hostsRestarted > 0 && outcome.conductorsRestarted > 0)
    }

    @Test("The same seed gives the same operations with the same ends.")
    func sameSeed() async throws {
        let seed = Settings.seed
        let plan = Self.plan(seed, .seconds(300))
        #expect(plan == Self.plan(seed, .seconds(300)))
        #expect(plan != Self.plan(seed &+ 1, .seconds(300)))
        var logs: [[String]] = []
        for _ in 0..<2 { logs.append(try await Self.simulate { try await Churn($0).play(plan) }.result.log) }
        #expect(logs[0] == logs[1])
        #expect(logs[0].count == plan.count)
    }

    @Test("What is lost behind the services' backs is found and healed within two periods.")
    func drift() async throws {
        // A clock that is ahead makes a change look newer than it is, and what is new is left alone.
        let (delay, _) = try await Self.simulate(clockDifference: .zero) { cloud in
            let id = try await cloud.boot()
            #expect(try await cloud.settle(id).vmState == .active)
            // What has just changed is left alone at first.
            try await SteadyClock.sleep(for: .seconds(60))
            try await cloud.loseClaim(of: id)
            let lost = SteadyClock.now
            try await until("the claim is found and healed", within: .seconds(300)) {
                let healed = try await cloud.nova.read { try FindingTable($0).list(healed: true) }
                return healed.contains { $0.kind == "server-without-allocation" && $0.healedAt != nil }
            }
            #expect(try await cloud.held().allocations == 1)
            return SteadyClock.now - lost
        }
        print("simulated drift: healed after \(Int(delay.seconds)) s")
        #expect(delay <= .seconds(160))
    }

    @Test("A drain of minutes goes on whoever dies meanwhile, and leaves nobody behind.")
    func drain() async throws {
        let (moves, elapsed) = try await Self.simulate(["fake.migration_ms=20000"]) { cloud in
            var servers: [ServerID] = []
            for _ in 0..<24 { servers.append(try await cloud.boot(on: "host1")) }
            for id in servers { #expect(try await cloud.settle(id).vmState == .active) }
            let drain = try await cloud.plan("host1", .drain)
            try await cloud.start(drain)
            let mishaps = Task {
                for round in 0..<8 {
                    try await SteadyClock.sleep(for: .seconds(30))
                    let daemon = round % 4 == 3 ? cloud.computes[1] : cloud.conductors[round % 2]
                    await daemon.kill()
                    try await SteadyClock.sleep(for: .seconds(5 * (round % 4 + 1)))
                    try await daemon.start()
                }
            }
            let moves = try await cloud.finish(drain, within: .seconds(3600))
            try await mishaps.value
            for id in servers { #expect(try await cloud.settle(id).host != "host1") }
            #expect(try await cloud.leaks() == [])
            return moves
        }
        print("simulated drain: \(moves.count) servers in \(Int(elapsed.seconds)) s")
        #expect(moves.allSatisfy { $0.state == .moved }, "\(moves.map { "\($0.state) \($0.reason)" })")
        #expect(elapsed >= .seconds(24 * 20))
    }

    private static func plan(_ seed: UInt64, _ length: Duration) -> ChurnPlan {
        ChurnPlan(seed: seed, lasting: length, clients: 3, hosts: hosts, conductors: 2)
    }

    private static let hosts = 3

    /// Runs a body in virtual time with a cloud whose times are those of a real one.
    private static func simulate<T: Sendable>(
        _ settings: [String] = [], clockDifference: Duration = .seconds(300), _ body: (TestCloud) async throws -> T
    ) async throws -> (result: T, elapsed: Duration) {
        let time = try SimulatedTime()
        defer { time.end() }
        var options = TestCloud.Options()
        options.hosts = hosts
        options.clockDifference = clockDifference
        // Writes wait for no disk there, and no power fails.
        options.place = "/dev/shm"
        options.settings =
            [
                "conductor.workflow_lease_ms=10000", "conductor.workflow_scan_ms=1000",
                "conductor.workflow_patience_ms=30000", "conductor.workflow_pause_ms=100",
                "conductor.audit_interval=60",
                "conductor.audit_settle=30",
            ] + settings
        let cloud = try await TestCloud(options)
        let began = time.elapsed
        do {
            let result = try await body(cloud)
            let elapsed = time.elapsed - began
            await cloud.stop()
            return (result, elapsed)
        } catch {
            await cloud.stop()
            throw error
        }
    }
}

/// What the tests read from their environment.
private enum Settings {
    private static func value(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

    static var isAlone: Bool { value("NOVA_SIMULATED_TIME") != nil }
    static let seed = value("NOVA_SIMULATION_SEED").flatMap { UInt64($0) } ?? .random(in: 1...999_999)
    /// Of churn.
    static var seconds: Int { value("NOVA_SIMULATION_SECONDS").flatMap { Int($0) } ?? 3600 }
}
