import CloudKit
import CommonTestKit
import DatabaseTestKit
import NovaCore
import NovaDatabase
import NovaFaults
import NovaModel
import NovaStore
import Testing

/// Hosts that are emptied, whatever dies, and get their servers back.
@Suite("Drains of hosts", .serialized)
struct DrainTests {
    /// Runs a body with a cloud of three hosts and servers on the first of them, ended in any case.
    private func withServers(
        _ count: Int, _ settings: [String] = [], refusals: [String: [String]] = [:], owedBy owed: Set<String> = [],
        database: DatabaseKind = .sqlite, _ body: (TestCloud, [ServerID]) async throws -> Void
    ) async throws {
        var options = TestCloud.Options()
        options.hosts = 3
        options.settings = settings
        options.refusals = refusals
        options.database = database
        let cloud = try await TestCloud(options)
        do {
            var servers: [ServerID] = []
            for _ in 0..<count { servers.append(try await cloud.boot(on: "host1")) }
            for id in servers {
                let server = try await cloud.settle(id)
                try #require(server.vmState == .active, "\(server.fault?.message ?? "")")
            }
            try await body(cloud, servers)
            var leaks: [String] = []
            do {
                try await until("no leaks") {
                    leaks = try await cloud.leaks(owedBy: owed)
                    return leaks.isEmpty
                }
            } catch { Issue.record("\(leaks)") }
        } catch {
            await cloud.stop()
            throw error
        }
        await cloud.stop()
    }

    /// The moves of servers that were made: how, from where, to where, in the end.
    private func made(_ cloud: TestCloud, _ ids: [ServerID]) async throws -> Set<String> {
        var made: Set<String> = []
        for id in ids {
            for move in try await cloud.moves(of: id) {
                made.insert("\(id) \(move.type) \(move.status) \(move.sourceHost ?? "-") \(move.targetHost ?? "-")")
            }
        }
        return made
    }

    private func planned(_ moves: [DrainMove]) -> Set<String> {
        let words = [MoveWay.live: "live-migration completed", .cold: "migration confirmed", .evacuate: "evacuation"]
        return Set(
            moves.filter { $0.state != .blocked }.map { move in
                "\(move.serverID) \(move.way.flatMap { words[$0] } ?? "-") \(move.source) \(move.target ?? "-")"
            })
    }

    @Test("what was planned is what is done; then the servers come back", arguments: DatabaseKind.available)
    func thereAndBack(database: DatabaseKind) async throws {
        try await withServers(6, database: database) { cloud, servers in
            try await cloud.power(servers[4], .stop)
            try await cloud.power(servers[5], .suspend)
            for id in servers[4...] { try await cloud.settle(id) }
            let drain = try await cloud.plan("host1", .drain)
            let plan = try await cloud.moves(of: drain)
            #expect(plan.map(\.state) == [.blocked] + Array(repeating: .waiting, count: 5))
            #expect(plan[0].serverID == servers[5] && plan[0].reason.contains("suspended"))
            #expect(plan.dropFirst().map(\.way) == [.live, .live, .live, .live, .cold])
            #expect(Set(plan.dropFirst().compactMap(\.target)) == ["host2", "host3"])
            #expect(try await made(cloud, servers).isEmpty)
            try await cloud.start(drain)
            let moves = try await cloud.finish(drain)
            #expect(moves.map(\.state) == [.blocked] + Array(repeating: .moved, count: 5))
            #expect(planned(moves) == planned(plan))
            #expect(try await made(cloud, servers) == planned(plan))
            for move in moves.dropFirst() {
                let server = try await cloud.settle(move.serverID)
                #expect(server.host == move.target && server.vmState == (move.way == .cold ? .stopped : .active))
            }
            // Nothing new comes to the host, until it is to.
            #expect(try await cloud.settle(try await cloud.boot()).host != "host1")
            await #expect(throws: NovaError.self) { _ = try await cloud.plan("host1", .giveBack) }
            try await cloud.undrain("host1")
            let back = try await cloud.plan("host1", .giveBack)
            #expect(try await cloud.moves(of: back).map(\.target) == Array(repeating: "host1", count: 5))
            try await cloud.start(back)
            #expect(try await cloud.finish(back).allSatisfy { $0.state == .moved })
            for id in servers { #expect(try await cloud.settle(id).host == "host1") }
            #expect(try await cloud.moves(of: try await cloud.plan("host1", .giveBack)).isEmpty)
        }
    }

    @Test("servers of a group that keep apart are planned apart, and what has no host left is told")
    func apart() async throws {
        try await withServers(3) { cloud, servers in
            try await cloud.nova.write { connection in
                var group = ServerGroup()
                group.id = .random()
                group.policy = .antiAffinity
                try ServerGroupTable(connection).insert(group)
                for id in servers { try ServerTable(connection).change(id) { $0.serverGroupID = group.id } }
            }
            let drain = try await cloud.plan("host1", .drain)
            let plan = try await cloud.moves(of: drain)
            #expect(plan.map(\.state) == [.blocked, .waiting, .waiting])
            #expect(plan[0].reason.contains("ServerGroupAntiAffinityFilter"))
            #expect(Set(plan.dropFirst().map(\.target)) == ["host2", "host3"])
            try await cloud.start(drain)
            let moves = try await cloud.finish(drain)
            #expect(moves.map(\.state) == [.blocked, .moved, .moved])
            #expect(try await made(cloud, servers) == planned(plan))
        }
    }

    @Test(
        "a conductor that dies at any place in the middle is missed by nobody",
        arguments: [
            "drain.write.before", "drain.write.after", "workflow.liveMigrate.migrate.run.before",
            "workflow.resize.finish.commit.after", "workflow.confirmResize.source.run.after",
        ])
    func death(point: String) async throws {
        try await withServers(5) { cloud, servers in
            try await cloud.power(servers[4], .stop)
            try await cloud.settle(servers[4])
            let drain = try await cloud.plan("host1", .drain)
            let plan = try await cloud.moves(of: drain)
            let blow = FaultRule(point, .run { try await TestDaemon.current?.killHere() }, count: 1)
            // A drain's own points at the second time, so that something is under way then.
            let isLater = point.hasPrefix("drain.")
            let rule = FaultPlan.shared.add(
                isLater ? FaultRule(point, .run { FaultPlan.shared.add(blow) }, count: 1) : blow)
            defer { FaultPlan.shared.remove(rule) }
            try await cloud.start(drain)
            let moves = try await cloud.finish(drain)
            #expect(moves.allSatisfy { $0.state == .moved }, "\(moves.map { "\($0.state) \($0.reason)" })")
            #expect(FaultPlan.shared.remaining(rule) == 0)
            try await cloud.heal()
            for id in servers { try await cloud.settle(id) }
            #expect(try await made(cloud, servers) == planned(plan))
        }
    }

    @Test("both conductors die; the one that is started again goes on")
    func bothDie() async throws {
        try await withServers(6, ["conductor.drain_moves=2", "fake.migration_ms=100"]) { cloud, servers in
            let drain = try await cloud.plan("host1", .drain)
            let plan = try await cloud.moves(of: drain)
            try await cloud.start(drain)
            try await until("one has moved") {
                try await cloud.moves(of: drain).contains { $0.state == .moved }
            }
            for conductor in cloud.conductors { await conductor.kill() }
            #expect(try await cloud.moves(of: drain).contains { $0.state == .waiting })
            try await cloud.conductors[0].start()
            #expect(try await cloud.finish(drain).allSatisfy { $0.state == .moved })
            #expect(try await made(cloud, servers) == planned(plan))
            try await cloud.heal()
        }
    }

    @Test("a move that fails is made to another host, and twice is told; the others go on")
    func failures() async throws {
        for times in [1, 2] {
            try await withServers(3) { cloud, servers in
                let drain = try await cloud.plan("host1", .drain)
                let plan = try await cloud.moves(of: drain)
                let rule = FaultPlan.shared.add(
                    FaultRule(
                        "workflow.liveMigrate.prepare.run.before", subject: servers[0].description,
                        .fail(NovaError(.hypervisor, "no room in the folder")), count: times))
                defer { FaultPlan.shared.remove(rule) }
                try await cloud.start(drain)
                let moves = try await cloud.finish(drain)
                #expect(moves.dropFirst().allSatisfy { $0.state == .moved && $0.attempts == 1 })
                #expect(moves[0].state == (times == 1 ? .moved : .failed) && moves[0].attempts == 2)
                if times == 1 {
                    #expect(moves[0].target != plan[0].target)
                } else {
                    #expect(moves[0].reason.contains("no room in the folder"))
                    #expect(try await cloud.settle(servers[0]).host == "host1")
                }
            }
        }
    }

    @Test("what every host has against a server that runs is told before; cold it goes")
    func refusals() async throws {
        let refusals = ["host2": ["its CPU is older"], "host3": ["its CPU is another"]]
        try await withServers(1, refusals: refusals) { cloud, servers in
            let plan = try await cloud.moves(of: try await cloud.plan("host1", .drain))
            #expect(plan.map(\.state) == [.blocked])
            for word in ["host2: its CPU is older", "host3: its CPU is another", "--cold"] {
                #expect(plan[0].reason.contains(word), "\(plan[0].reason)")
            }
            let cold = try await cloud.plan("host1", .drain, isCold: true)
            try await cloud.start(cold)
            #expect(try await cloud.finish(cold).map(\.state) == [.moved])
            let server = try await cloud.settle(servers[0])
            #expect(server.host != "host1" && server.vmState == .active && server.powerState == .running)
        }
    }

    @Test("a host of which only one takes the server is found in the plan")
    func oneRefuses() async throws {
        try await withServers(3, refusals: ["host2": ["its CPU is older"]]) { cloud, _ in
            let plan = try await cloud.moves(of: try await cloud.plan("host1", .drain))
            #expect(plan.map(\.target) == ["host3", "host3", "host3"])
        }
    }

    @Test("a drain that is stopped ends what it has begun and begins nothing more")
    func stop() async throws {
        try await withServers(5, ["fake.migration_ms=300"]) { cloud, servers in
            let drain = try await cloud.plan("host1", .drain)
            try await cloud.start(drain)
            try await until("moves are under way") {
                try await cloud.moves(of: drain).contains { $0.state == .moving }
            }
            try await cloud.stop(drain)
            let moves = try await cloud.finish(drain)
            #expect(try await cloud.drain(drain).state == .stopped)
            #expect(moves.contains { $0.state == .moved } && moves.contains { $0.state == .waiting })
            for id in servers { try await cloud.settle(id) }
        }
    }

    @Test("the servers of a host that is off are made anew, once somebody has said that it is off")
    func evacuation() async throws {
        try await withServers(4, owedBy: ["host1"]) { cloud, servers in
            try await cloud.power(servers[3], .stop)
            try await cloud.settle(servers[3])
            await #expect(throws: NovaError.self) { _ = try await cloud.plan("host1", .evacuate) }
            let host = try #require(cloud.computes.first { $0.host == "host1" })
            await host.kill()
            try await cloud.declareDown(true) { $0 == "host1" }
            await #expect(throws: NovaError.self) { _ = try await cloud.plan("host1", .drain) }
            let drain = try await cloud.plan("host1", .evacuate)
            let plan = try await cloud.moves(of: drain)
            #expect(plan.allSatisfy { $0.way == .evacuate && $0.target != nil && $0.target != "host1" })
            try await cloud.start(drain)
            let moves = try await cloud.finish(drain)
            #expect(moves.allSatisfy { $0.state == .moved } && moves.map(\.target) == plan.map(\.target))
            for id in servers {
                let server = try await cloud.settle(id, owed: true)
                #expect(server.host != "host1" && server.vmState == (id == servers[3] ? .stopped : .active))
            }
            try await host.start()
            for id in servers { try await cloud.settle(id) }
            try await cloud.declareDown(false) { $0 == "host1" }
        }
    }
}
