import CloudKit
import CommonTestKit
import NovaCore
import NovaModel
import NovaStore
import Testing

/// What becomes of servers whose host was switched off and on again.
@Suite("A host that boots", .serialized)
struct HostBootTests {
    private struct Servers {
        let active, stopped, suspended, paused: ServerID
    }

    /// Cuts a host's power under servers in each state, and starts its compute service again.
    private func withRebootedHost(
        _ settings: [String], _ body: (TestCloud, Servers) async throws -> Void
    ) async throws {
        var options = TestCloud.Options()
        options.hosts = 1
        options.settings = settings
        let cloud = try await TestCloud(options)
        do {
            var ids: [ServerID] = []
            for action in [nil, .stop, .suspend, .pause] as [PowerActionState.Action?] {
                let id = try await cloud.boot()
                try await cloud.settle(id)
                if let action {
                    try await cloud.power(id, action)
                    try await cloud.settle(id)
                }
                ids.append(id)
            }
            let compute = try #require(cloud.computes.first)
            await compute.kill()
            try cloud.cutPower(of: compute.host)
            try await compute.start()
            try await body(cloud, Servers(active: ids[0], stopped: ids[1], suspended: ids[2], paused: ids[3]))
            try await until("no leaks") { try await cloud.leaks().isEmpty }
        } catch {
            await cloud.stop()
            throw error
        }
        await cloud.stop()
    }

    private func states(_ cloud: TestCloud, _ id: ServerID) async throws -> String {
        let server = try await cloud.server(id)
        return "\(server?.vmState.rawValue ?? "-") \(server?.powerState.rawValue ?? "-")"
    }

    @Test("what ran is started again, what was suspended wakes where it was, and nothing else starts")
    func resumes() async throws {
        try await withRebootedHost(["DEFAULT.resume_guests_state_on_host_boot=true"]) { cloud, servers in
            try await until("the start of the server") {
                try await cloud.workflows(of: servers.active).map(\.action) == ["start", "create"]
            }
            let active = try await cloud.settle(servers.active)
            #expect(active.vmState == .active && active.powerState == .running)
            try await until("the paused guest is known to be gone") {
                try await states(cloud, servers.paused) == "stopped shutdown"
            }
            #expect(try await states(cloud, servers.stopped) == "stopped shutdown")
            #expect(try await states(cloud, servers.suspended) == "suspended suspended")
            try await cloud.power(servers.suspended, .resume)
            let woken = try await cloud.settle(servers.suspended)
            #expect(woken.vmState == .active && woken.powerState == .running)
            for id in [servers.stopped, servers.paused] {
                #expect(try await !cloud.workflows(of: id).contains { $0.action == "start" })
            }
        }
    }

    @Test("a guest that ends later stays stopped, also when its host is to start guests at boot")
    func onlyAtBoot() async throws {
        try await withRebootedHost(["DEFAULT.resume_guests_state_on_host_boot=true"]) { cloud, servers in
            try await until("the server is started again") {
                try await cloud.workflows(of: servers.active).contains { $0.action == "start" }
            }
            #expect(try await cloud.settle(servers.active).powerState == .running)
            try await cloud.power(servers.active, .stop)
            let stopped = try await cloud.settle(servers.active)
            #expect(stopped.vmState == .stopped && stopped.powerState == .shutdown)
            #expect(try await cloud.workflows(of: servers.active).map(\.action) == ["stop", "start", "create"])
        }
    }

    @Test("by default what the hypervisor says counts")
    func stays() async throws {
        try await withRebootedHost([]) { cloud, servers in
            try await until("the server is known to be stopped") {
                try await states(cloud, servers.active) == "stopped shutdown"
            }
            #expect(try await cloud.workflows(of: servers.active).map(\.action) == ["create"])
            #expect(try await states(cloud, servers.suspended) == "suspended suspended")
        }
    }
}
