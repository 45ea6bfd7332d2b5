import CloudKit
import CommonTestKit
import DatabaseTestKit
import Foundation
import NovaCore
import NovaDatabase
import NovaFaults
import NovaModel
import NovaStore
import NovaWire
import Synchronization
import Testing

/// Hosts that are switched off by their fence agent, whatever dies meanwhile.
@Suite("Fencing of hosts", .serialized)
struct HostFenceTests {
    /// A fence agent that writes down what it was told, and fails as long as a file is there.
    private struct Agent {
        let folder: String

        init() throws {
            folder = "/tmp/nova-agent-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let script = """
                #!/bin/sh
                tr '\\n' ' ' >>\(folder)/calls
                echo >>\(folder)/calls
                if [ -e \(folder)/broken ]; then echo "Failed: no route to the power switch"; exit 1; fi
                echo "Success: Powered OFF"
                """
            try script.write(toFile: "\(folder)/agent", atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/agent")
        }

        func isBroken(_ isBroken: Bool) throws {
            let path = "\(folder)/broken"
            if isBroken {
                try "".write(toFile: path, atomically: true, encoding: .utf8)
            } else {
                try FileManager.default.removeItem(atPath: path)
            }
        }

        var calls: [String] {
            let text = (try? String(contentsOfFile: "\(folder)/calls", encoding: .utf8)) ?? ""
            return text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    private func withCloud(
        _ settings: [String] = [], kind: DatabaseKind = .sqlite, _ body: (TestCloud, Agent) async throws -> Void
    ) async throws {
        let agent = try Agent()
        defer { try? FileManager.default.removeItem(atPath: agent.folder) }
        var options = TestCloud.Options()
        options.database = kind
        options.settings = ["fencing.agent=\(agent.folder)/agent"] + settings
        let cloud = try await TestCloud(options)
        do { try await body(cloud, agent) } catch {
            await cloud.stop()
            throw error
        }
        await cloud.stop()
    }

    private func fence(_ host: String, _ cloud: TestCloud) async throws -> WorkflowID {
        try await cloud.nova.write { connection in
            try HostFenceTable(connection).begin(HostFenceState(host, reason: "smoke"), .system()).id
        }
    }

    private func ended(_ id: WorkflowID, _ cloud: TestCloud) async throws -> WorkflowRecord {
        var found: WorkflowRecord?
        try await until("the host's fencing has ended") {
            found = try await cloud.nova.read { try WorkflowTable($0).find(id) }
            return found?.finishedAt != nil
        }
        return try #require(found)
    }

    private func host(_ name: String, _ cloud: TestCloud) async throws -> (isDown: Bool, reason: String?) {
        try await cloud.nova.read { connection in
            let table = HostTable(connection)
            return (try table.isForcedDown(name), try table.find(name)?.downReason)
        }
    }

    @Test("a host that is off counts as down, and its servers may go; their history says why")
    func succeeds() async throws {
        try await withCloud { cloud, agent in
            let id = try await cloud.boot(on: "host1")
            try await cloud.settle(id)
            await cloud.computes[0].kill()
            let record = try await ended(try await fence("host1", cloud), cloud)
            #expect(record.state == .succeeded, "\(record.error?.novaError.description ?? "")")
            #expect(try HostFenceState(decoding: record.data.bytes).output == "Success: Powered OFF")
            #expect(try await host("host1", cloud) == (true, "fenced: smoke"))
            #expect(try await host("host2", cloud) == (false, nil))
            #expect(agent.calls == ["action=off plug=host1"])
            let history = try await cloud.nova.read { try ServerChangeTable($0).list(of: id, limit: 10) }
            #expect(history.first?.what == "host fenced")
            #expect(history.first?.why == "host1 was switched off by its fence agent: smoke")
            let again = await #expect(throws: NovaError.self) { try await fence("host1", cloud) }
            #expect(again?.code == .conflict)
            try await cloud.evacuate(id)
            let server = try await cloud.settle(id, owed: true)
            #expect(server.host == "host2" && server.vmState == .active, "\(server.fault?.message ?? "")")
        }
    }

    @Test("an agent that fails changes nothing; nor does one that switched off another machine")
    func fails() async throws {
        try await withCloud { cloud, agent in
            try agent.isBroken(true)
            let failed = try await ended(try await fence("host1", cloud), cloud)
            #expect(failed.state == .failed)
            #expect(
                failed.error?.message
                    == "The fence agent agent could not switch host host1 off (status 1): "
                    + "Failed: no route to the power switch")
            try agent.isBroken(false)
            let wrong = try await ended(try await fence("host1", cloud), cloud)
            #expect(wrong.state == .failed)
            #expect(wrong.error?.message.contains("its nova-compute still answers") == true)
            #expect(try await host("host1", cloud) == (false, nil))
            #expect(agent.calls.count == 2)
        }
    }

    /// Every place in every step, and who dies there.
    private static let places = ["agent", "silence", "schedulers"].flatMap { step in
        ["run.after", "commit.before", "commit.after"].flatMap { place in
            ["killed", "frozen", "broker", "database"].map { (point: "workflow.fenceHost.\(step).\(place)", blow: $0) }
        }
    }

    @Test("whatever dies in the middle, the host is off and down at the end", arguments: DatabaseKind.available)
    func crashes(kind: DatabaseKind) async throws {
        try await withCloud(kind: kind) { cloud, agent in
            await cloud.computes[0].kill()
            var wrong: [String] = []
            let injected = Mutex<[Int]>([])
            for (point, blow) in Self.places where kind == .sqlite || blow == "killed" {
                let calls = agent.calls.count
                let database = cloud.databaseSubject("nova")
                let rule = FaultPlan.shared.add(
                    FaultRule(
                        point,
                        .run {
                            switch blow {
                            case "killed": try await TestDaemon.current?.killHere()
                            case "frozen": try await TestDaemon.current?.freezeHere()
                            case "broker": try await cloud.restartBroker()
                            default:
                                let failure = FaultRule(
                                    "database.commit", subject: database, .fail(NovaError(.unavailable, "injected")),
                                    count: 2)
                                injected.withLock { $0.append(FaultPlan.shared.add(failure)) }
                            }
                        }, count: 1))
                let record = try await ended(try await fence("host1", cloud), cloud)
                // The last place is behind the commit that ends the workflow.
                try? await until("\(blow) at \(point)", within: .seconds(10)) {
                    FaultPlan.shared.remaining(rule) == 0
                }
                let remaining = FaultPlan.shared.remaining(rule)
                for rule in [rule] + injected.withLock({ $0 }) { FaultPlan.shared.remove(rule) }
                let isDown = try await host("host1", cloud).isDown
                if record.state != .succeeded || !isDown || agent.calls.count == calls || remaining > 0 {
                    wrong.append(
                        "\(blow) at \(point): \(record.state), down \(isDown), \(agent.calls.count - calls) calls, "
                            + "\(remaining) left: \(record.error?.novaError.description ?? "")")
                }
                for conductor in cloud.conductors {
                    conductor.thaw()
                    try await conductor.start()
                }
                try await cloud.declareDown(false) { _ in true }
            }
            #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
        }
    }

    @Test("a host that is silent for too long is switched off without anybody asking, but never many at once")
    func automatic() async throws {
        let settings = ["fencing.automatic=true", "fencing.automatic_after=2", "DEFAULT.report_interval=1"]
        try await withCloud(settings) { cloud, agent in
            await cloud.computes[0].kill()
            try await until("the silent host counts as down") { try await host("host1", cloud).isDown }
            #expect(try await host("host1", cloud).reason == "fenced: no sign of life for 2 s")
            #expect(agent.calls == ["action=off plug=host1"])
            #expect(try await !host("host2", cloud).isDown)
        }
        try await withCloud(settings) { cloud, agent in
            for compute in cloud.computes { await compute.kill() }
            // Both have been silent for more than twice the time.
            try await until("a long silence") {
                try await cloud.nova.read { connection in
                    let now = try connection.now()
                    return try HostTable(connection).services().filter { $0.binary == "nova-compute" }
                        .allSatisfy { now.elapsed(since: $0.updatedAt) > .seconds(5) }
                }
            }
            #expect(agent.calls.isEmpty)
        }
    }
}
