import CloudKit
import CommonTestKit
import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaStore
import Testing

/// What cannot be undone because a host is away must not keep users waiting, and must not be forgotten.
@Suite("Owed cleanups")
struct OwedCleanupTests {
    /// Runs a body with a cloud of one host and a server on it, ended in any case.
    private func withServer(
        _ settings: [String] = [], _ body: (TestCloud, ServerID) async throws -> Void
    ) async throws {
        var options = TestCloud.Options()
        options.hosts = 1
        options.settings = settings
        let cloud = try await TestCloud(options)
        do {
            let id = try await cloud.boot()
            let server = try await cloud.settle(id)
            try #require(server.vmState == .active, "\(server.fault?.message ?? "")")
            try await body(cloud, id)
        } catch {
            await cloud.stop()
            throw error
        }
        await cloud.stop()
    }

    private func owed(_ cloud: TestCloud, _ id: ServerID) async throws -> WorkflowRecord {
        let open = try await cloud.workflows(of: id).filter { $0.finishedAt == nil }
        #expect(open.map(\.state) == [.owed])
        return try #require(open.first)
    }

    private func noLeaks(_ cloud: TestCloud) async throws {
        var leaks: [String] = []
        do {
            try await until("no leaks") {
                leaks = try await cloud.leaks()
                return leaks.isEmpty
            }
        } catch { Issue.record("\(leaks)") }
    }

    @Test("a server whose host is dead is deleted for its users; the host pays when it is back")
    func delete() async throws {
        try await withServer { cloud, id in
            await cloud.computes[0].kill()
            try await cloud.delete(id)
            let server = try await cloud.settle(id, owed: true)
            #expect(server.isDeleted && server.vmState == .deleted)
            let workflow = try await owed(cloud, id)
            #expect(workflow.owedHost == "host1" && workflow.owner == nil && workflow.owedReason?.isEmpty == false)
            let held = try await cloud.held()
            #expect(held == (1, 1), "the host may still have it")
            #expect(try await cloud.leaks(owedBy: ["host1"]) == [])
            try await cloud.heal()
            try await cloud.settle(id)
            #expect(try await cloud.workflows(of: id).first?.state == .succeeded)
            try await noLeaks(cloud)
        }
    }

    @Test(
        "an operator who abandons a host's part gets its allocation and ports back, and the reason stands in the journal"
    )
    func abandon() async throws {
        try await withServer { cloud, id in
            await cloud.computes[0].kill()
            try await cloud.delete(id)
            let server = try await cloud.settle(id, owed: true)
            #expect(server.isDeleted)
            let workflow = try await owed(cloud, id)
            await #expect(throws: NovaError.self) { try await cloud.ask(AbandonWorkflow(.random(), reason: "x")) }
            _ = try await cloud.ask(AbandonWorkflow(workflow.id, reason: "the host burned down"))
            try await cloud.settle(id)
            let held = try await cloud.held()
            #expect(held == (0, 0))
            let journal = try await cloud.nova.read { try WorkflowTable($0).journal(of: workflow.id) }
            #expect(journal.first?.error == "abandoned: the host burned down")
            await #expect(throws: NovaError.self) { try await cloud.ask(RetryWorkflow(workflow.id)) }
        }
    }

    @Test("nobody waits for a host that an operator has declared down")
    func forcedDown() async throws {
        try await withServer(["conductor.workflow_patience_ms=600000"]) { cloud, id in
            await cloud.computes[0].kill()
            try await cloud.nova.write { connection in
                let table = HostTable(connection)
                var service = try #require(try table.services().first { $0.binary == "nova-compute" })
                service.isForcedDown = true
                try table.update(service)
            }
            try await cloud.delete(id)
            let server = try await cloud.settle(id, owed: true)
            #expect(server.isDeleted)
            // Its next try is an hour away; the host that says hello makes it due.
            try await cloud.heal()
            try await cloud.settle(id)
            try await noLeaks(cloud)
        }
    }

    @Test("a build whose host dies for good ends in ERROR with its cause, and can be deleted at once")
    func build() async throws {
        try await withServer(["DEFAULT.instance_build_timeout=2"]) { cloud, first in
            try await cloud.delete(first)
            try await cloud.settle(first)
            let id = ServerID.random()
            let compute = cloud.computes[0]
            try await CrashRun.killing(compute, at: "workflow.build.network.commit.after", id) {
                try await cloud.boot(id)
                let server = try await cloud.settle(id, owed: true)
                #expect(server.vmState == .error && server.fault?.message.isEmpty == false)
            }
            #expect(try await owed(cloud, id).owedHost == "host1")
            try await cloud.delete(id)
            let deleted = try await cloud.settle(id, owed: true)
            #expect(deleted.isDeleted)
            try await cloud.heal()
            try await cloud.settle(id)
            try await noLeaks(cloud)
        }
    }

    @Test("a server whose instance has vanished from its host is in ERROR once the host has said so")
    func vanished() async throws {
        try await withServer { cloud, id in
            await cloud.computes[0].kill()
            cloud.loseInstance(id, on: "host1")
            try await cloud.heal()
            try await until("the server is in ERROR") { try await cloud.server(id)?.vmState == .error }
            #expect(try await cloud.server(id)?.fault?.message.contains("no longer on its host") == true)
            try await cloud.power(id, .rebootHard)
            #expect(try await cloud.settle(id).vmState == .active)
            try await noLeaks(cloud)
        }
    }
}
