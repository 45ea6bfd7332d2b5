import CloudKit
import CommonTestKit
import NovaCore
import NovaModel
import NovaStore
import Testing

/// Live migrations between fake hosts, as operators see them, and what they leave.
@Suite("Live migrations", .serialized)
struct LiveMigrationTests {
    /// Runs a body with a cloud of several hosts and a server on one of them, ended in any case.
    private func withServer(
        _ settings: [String] = [], hosts: Int = 2, refusals: [String: [String]] = [:],
        _ body: (TestCloud, ServerID, String) async throws -> Void
    ) async throws {
        var options = TestCloud.Options()
        options.hosts = hosts
        options.settings = settings
        options.refusals = refusals
        let cloud = try await TestCloud(options)
        do {
            let id = try await cloud.boot()
            let server = try await cloud.settle(id)
            try #require(server.vmState == .active, "\(server.fault?.message ?? "")")
            try await body(cloud, id, try #require(server.host))
            var leaks: [String] = []
            do {
                try await until("no leaks") {
                    leaks = try await cloud.leaks()
                    return leaks.isEmpty
                }
            } catch { Issue.record("\(leaks)") }
        } catch {
            await cloud.stop()
            throw error
        }
        await cloud.stop()
    }

    private func status(_ cloud: TestCloud, _ id: ServerID) async throws -> String? {
        try await cloud.moves(of: id).first?.status
    }

    @Test("a server goes to another host and back, and never stops")
    func thereAndBack() async throws {
        try await withServer { cloud, id, home in
            let before = try #require(try await cloud.server(id))
            for host in ["away", home] {
                try await cloud.liveMigrate(id)
                let after = try await cloud.settle(id)
                #expect(after.vmState == .active && after.powerState == .running && after.taskState == nil)
                #expect((after.host == home) == (host == home))
                #expect(after.launchedAt == before.launchedAt)
                #expect(after.network.ports.count == 1)
                #expect(try await status(cloud, id) == "completed")
                #expect(try await cloud.held() == (1, 1))
            }
            #expect(try await cloud.workflows(of: id).first?.action == "live-migration")
        }
    }

    @Test("a held server stays held")
    func paused() async throws {
        try await withServer { cloud, id, home in
            try await cloud.power(id, .pause)
            try await cloud.settle(id)
            try await cloud.liveMigrate(id)
            let after = try await cloud.settle(id)
            #expect(after.vmState == .paused && after.powerState == .paused && after.host != home)
        }
    }

    @Test("its progress is seen, and an abort leaves it where it is")
    func abort() async throws {
        try await withServer(["fake.migration_ms=600000"]) { cloud, id, home in
            try await cloud.liveMigrate(id)
            try await until("its progress is seen") {
                try await cloud.moves(of: id).first?.figures?.memoryTotal ?? 0 > 0
            }
            #expect(try await status(cloud, id) == "running")
            try await cloud.wish(.abort, for: id)
            let after = try await cloud.settle(id)
            #expect(after.vmState == .active && after.host == home && after.fault == nil)
            #expect(try await status(cloud, id) == "cancelled")
            #expect(try await cloud.held() == (1, 1))
        }
    }

    @Test("forced to its end it ends")
    func forceComplete() async throws {
        try await withServer(["fake.migration_ms=600000"]) { cloud, id, home in
            try await cloud.liveMigrate(id)
            try await until("it moves") { try await status(cloud, id) == "running" }
            try await cloud.wish(.forceComplete, for: id)
            let after = try await cloud.settle(id)
            #expect(after.vmState == .active && after.host != home)
            #expect(try await status(cloud, id) == "completed")
        }
    }

    @Test("a second one waits for the first, and can be aborted there")
    func queue() async throws {
        try await withServer(["fake.migration_ms=600000"], hosts: 2) { cloud, id, home in
            // Until one is on the same host as the first.
            var other = try await cloud.boot()
            while try await cloud.settle(other).host != home { other = try await cloud.boot() }
            try await cloud.liveMigrate(id)
            try await until("the first moves") { try await status(cloud, id) == "running" }
            try await cloud.liveMigrate(other)
            try await until("the second waits") { try await status(cloud, other) == "queued" }
            try await cloud.wish(.abort, for: other)
            #expect(try await cloud.settle(other).host == home)
            #expect(try await status(cloud, other) == "cancelled")
            try await cloud.wish(.abort, for: id)
            #expect(try await cloud.settle(id).host == home)
        }
    }

    @Test("a host that cannot take it is named with all its reasons, and another one is tried")
    func refusals() async throws {
        let reasons = ["its CPU lacks what the guest has: avx2", "its hypervisor is too old"]
        // Wherever the server is, of the two others one refuses.
        try await withServer(hosts: 3, refusals: ["host2": reasons, "host3": reasons]) { cloud, id, home in
            try await cloud.liveMigrate(id)
            let after = try await cloud.settle(id)
            if home == "host1" {
                #expect(after.host == "host1" && after.vmState == .active)
                let message = after.fault?.message ?? ""
                #expect(message.hasPrefix("No valid host was found."))
                for host in ["host2", "host3"] {
                    let text = "The server cannot go to host \(host) while it runs: \(reasons.joined(separator: "; "))."
                    #expect(message.contains(text), "\(message)")
                }
                #expect(try await status(cloud, id) == "error")
            } else {
                #expect(after.host == "host1")
                #expect(try await status(cloud, id) == "completed")
            }
        }
    }

    @Test("a server that is deleted on its way is gone from both hosts")
    func delete() async throws {
        try await withServer(["fake.migration_ms=600000"]) { cloud, id, _ in
            try await cloud.liveMigrate(id)
            try await until("it moves") { try await status(cloud, id) == "running" }
            try await cloud.delete(id)
            #expect(try await cloud.settle(id).isDeleted)
            #expect(try await cloud.held() == (0, 0))
        }
    }

    @Test("the death of the source's compute service in the middle does not end its guest, nor make two of it")
    func sourceDies() async throws {
        try await withServer(["fake.migration_ms=1500"]) { cloud, id, home in
            let source = try #require(cloud.computes.first { $0.host == home })
            try await cloud.liveMigrate(id)
            try await until("it moves") { try await status(cloud, id) == "running" }
            await source.kill()
            try await source.start()
            let after = try await cloud.settle(id)
            #expect(after.vmState == .active && after.powerState == .running && after.taskState == nil)
        }
    }

    @Test("a conductor that dies in the middle is followed by one that waits for the same move")
    func conductorDies() async throws {
        try await withServer(["fake.migration_ms=1500"]) { cloud, id, home in
            try await cloud.liveMigrate(id)
            try await until("it moves") { try await status(cloud, id) == "running" }
            let owner = try await cloud.workflows(of: id).first { $0.finishedAt == nil }?.owner ?? ""
            let victim = try #require(cloud.conductors.first { owner.hasPrefix("\($0.host)/") })
            await victim.kill()
            let after = try await cloud.settle(id)
            #expect(after.vmState == .active && after.host != home)
            #expect(try await status(cloud, id) == "completed")
            try await cloud.heal()
        }
    }
}
