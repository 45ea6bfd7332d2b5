import CloudKit
import CommonTestKit
import NovaCore
import NovaDatabase
import NovaModel
import NovaStore
import Testing

/// Moves of servers between two hosts, as users see them, and what they leave.
@Suite("Moves", .serialized)
struct MoveTests {
    /// Runs a body with a cloud of two hosts and a server on one of them, ended in any case.
    private func withServer(
        _ settings: [String] = [], hosts: Int = 2, _ body: (TestCloud, ServerID, String) async throws -> Void
    ) async throws {
        var options = TestCloud.Options()
        options.hosts = hosts
        options.settings = settings
        let cloud = try await TestCloud(options)
        do {
            let id = try await cloud.boot()
            let server = try await cloud.settle(id)
            try #require(server.vmState == .active, "\(server.fault?.message ?? "")")
            try await body(cloud, id, try #require(server.host))
            try await noLeaks(cloud)
        } catch {
            await cloud.stop()
            throw error
        }
        await cloud.stop()
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

    private func moves(_ cloud: TestCloud, of id: ServerID) async throws -> [String] {
        var filter = MigrationTable.Filter()
        filter.server = id
        return try await cloud.nova.read { [filter] in try MigrationTable($0).list(filter) }
            .map { "\($0.type) \($0.status) \($0.sourceHost ?? "-") \($0.targetHost ?? "-")" }
    }

    @Test("a resize brings the server to another host; its user confirms it, or takes it back")
    func resize() async throws {
        try await withServer { cloud, id, home in
            for confirms in [false, true] {
                try await cloud.resize(id)
                let moved = try await cloud.settle(id)
                #expect(moved.vmState == .resized && moved.flavor.vcpus == 2 && moved.host != home)
                #expect(moved.powerState == .running && moved.network.ports.count == 1)
                #expect(try await cloud.held() == (2, 1))
                try await noLeaks(cloud)
                if confirms { try await cloud.confirmResize(id) } else { try await cloud.revertResize(id) }
                let after = try await cloud.settle(id)
                #expect(after.vmState == .active && after.powerState == .running)
                #expect(after.flavor.vcpus == (confirms ? 2 : 1) && (after.host == home) == !confirms)
                #expect(try await cloud.held() == (1, 1))
                try await noLeaks(cloud)
            }
            let other = try #require(try await cloud.server(id)?.host)
            #expect(
                try await moves(cloud, of: id)
                    == ["resize confirmed \(home) \(other)", "resize reverted \(home) \(other)"])
        }
    }

    @Test("a stopped server is moved without being started")
    func stopped() async throws {
        try await withServer { cloud, id, home in
            try await cloud.power(id, .stop)
            try await cloud.settle(id)
            try await cloud.resize(id, keepsFlavor: true)
            let moved = try await cloud.settle(id)
            #expect(moved.vmState == .resized && moved.powerState == .shutdown && moved.host != home)
            try await cloud.revertResize(id)
            let back = try await cloud.settle(id)
            #expect(back.vmState == .stopped && back.powerState == .shutdown && back.host == home)
            try await cloud.resize(id, keepsFlavor: true)
            try await cloud.settle(id)
            try await cloud.confirmResize(id)
            #expect(try await cloud.settle(id).vmState == .stopped)
            #expect(try await cloud.workflows(of: id).map(\.action).contains("migrate"))
        }
    }

    @Test("with only one host there is none to go to, unless a resize may stay")
    func oneHost() async throws {
        try await withServer(hosts: 1) { cloud, id, home in
            try await cloud.resize(id)
            let server = try await cloud.settle(id)
            #expect(server.vmState == .active && server.fault?.message.hasPrefix("No valid host was found.") == true)
            #expect(try await moves(cloud, of: id) == ["resize error \(home) -"])
        }
        try await withServer(["DEFAULT.allow_resize_to_same_host=true"], hosts: 1) { cloud, id, home in
            for confirms in [false, true] {
                try await cloud.resize(id)
                let moved = try await cloud.settle(id)
                #expect(moved.vmState == .resized && moved.flavor.vcpus == 2 && moved.host == home)
                try await noLeaks(cloud)
                if confirms { try await cloud.confirmResize(id) } else { try await cloud.revertResize(id) }
                let after = try await cloud.settle(id)
                #expect(after.vmState == .active && after.powerState == .running)
                #expect(after.flavor.vcpus == (confirms ? 2 : 1))
                #expect(try await cloud.held() == (1, 1))
            }
        }
    }

    @Test("a server that waits for its confirmation is deleted on both hosts")
    func delete() async throws {
        try await withServer { cloud, id, home in
            try await cloud.resize(id)
            #expect(try await cloud.settle(id).vmState == .resized)
            try await cloud.delete(id)
            #expect(try await cloud.settle(id).isDeleted)
            #expect(try await cloud.held() == (0, 0))
            #expect(try await moves(cloud, of: id).first?.hasPrefix("resize confirmed \(home)") == true)
        }
    }

    @Test("a resize that nobody confirms is confirmed after its time")
    func window() async throws {
        try await withServer(["DEFAULT.resize_confirm_window=1"]) { cloud, id, _ in
            try await cloud.resize(id)
            try await until("the resize is confirmed") {
                let server = try await cloud.server(id)
                return server?.vmState == .active && server?.flavor.vcpus == 2
            }
            try await cloud.settle(id)
            #expect(try await cloud.workflows(of: id).map(\.kind) == ["confirmResize", "resize", "build"])
        }
    }

    @Test("a move is refused by a host that still owes something of the server")
    func indebted() async throws {
        try await withServer { cloud, id, home in
            try await cloud.resize(id)
            try await cloud.settle(id)
            let source = try #require(cloud.computes.first { $0.host == home })
            await source.kill()
            try await cloud.confirmResize(id)
            let confirmed = try await cloud.settle(id, owed: true)
            #expect(confirmed.vmState == .active && confirmed.host != home)
            try await source.start()
            try await cloud.settle(id)
            try await cloud.resize(id, keepsFlavor: true)
            let back = try await cloud.settle(id)
            #expect(back.vmState == .resized && back.host == home)
            try await cloud.confirmResize(id)
            #expect(try await cloud.settle(id).powerState == .running)
        }
    }

    @Test("an evacuated server is made anew elsewhere; its dead host cleans up when it is back")
    func evacuate() async throws {
        try await withServer { cloud, id, home in
            let dead = try #require(cloud.computes.first { $0.host == home })
            await dead.kill()
            try await cloud.declareDown(true) { $0 == home }
            try await cloud.evacuate(id)
            let server = try await cloud.settle(id, owed: true)
            #expect(server.vmState == .active && server.host != home && server.powerState == .running)
            #expect(try await moves(cloud, of: id).first?.hasPrefix("evacuation done \(home)") == true)
            #expect(try await cloud.held() == (2, 1), "the dead host may still run it")
            try await dead.start()
            try await cloud.settle(id)
            #expect(try await moves(cloud, of: id).first?.hasPrefix("evacuation completed \(home)") == true)
            #expect(try await cloud.held() == (1, 1))
            try await cloud.declareDown(false) { _ in true }
        }
    }

    @Test("a shelved server leaves its host, keeps its address, and comes back from its image")
    func shelve() async throws {
        try await withServer { cloud, id, _ in
            let address = try #require(try await cloud.server(id)?.network.ports.first?.fixedIP)
            try await cloud.shelve(id)
            let away = try await cloud.settle(id)
            #expect(away.vmState == .shelvedOffloaded && away.host == nil && away.providerID == nil)
            #expect(try await cloud.held() == (0, 1))
            try await noLeaks(cloud)
            try await cloud.unshelve(id)
            let back = try await cloud.settle(id)
            #expect(back.vmState == .active && back.host != nil && back.shelved == nil, "\(back.fault?.message ?? "")")
            #expect(back.network.ports.first?.fixedIP == address)
            try await cloud.shelve(id)
            try await cloud.settle(id)
            try await cloud.delete(id)
            #expect(try await cloud.settle(id).isDeleted)
            #expect(try await cloud.held() == (0, 0))
        }
    }

    @Test("a shelved server stays on its host for its time, and comes back there until then")
    func shelveForLater() async throws {
        try await withServer(["DEFAULT.shelved_offload_time=2"]) { cloud, id, home in
            try await cloud.shelve(id)
            let shelved = try await cloud.settle(id)
            #expect(shelved.vmState == .shelved && shelved.host == home && shelved.powerState == .shutdown)
            try await cloud.unshelve(id)
            #expect(try await cloud.settle(id).vmState == .active)
            try await cloud.shelve(id)
            try await until("the server leaves its host") {
                try await cloud.server(id)?.vmState == .shelvedOffloaded
            }
            try await cloud.settle(id)
            #expect(try await cloud.workflows(of: id).first?.kind == "shelveOffload")
        }
    }
}
