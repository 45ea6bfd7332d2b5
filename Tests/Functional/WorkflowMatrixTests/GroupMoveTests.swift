import CloudKit
import CommonTestKit
import DatabaseTestKit
import NovaCore
import NovaDatabase
import NovaFaults
import NovaModel
import NovaStore
import Synchronization
import Testing

/// Two members of a group that are given a host at the same moment.
@Suite("Moves of servers of a group", .serialized)
struct GroupMoveTests {
    /// How a server gets another host.
    enum Move: String, CaseIterable, Sendable {
        case resize
        case liveMigrate
        case evacuate
        case unshelve
    }

    /// Lets callers go on when two of them have come.
    private final class Meeting: Sendable {
        private let count = Mutex(0)
        func join() async throws {
            count.withLock { $0 += 1 }
            try await until("the other one") { count.withLock { $0 } >= 2 }
        }
    }

    /// Runs a body while the decisions for both servers are written at the same time, from equal knowledge.
    private func together(
        _ ids: [ServerID], _ workflow: String, _ body: () async throws -> Void
    ) async throws {
        let meeting = Meeting()
        let rules = ids.map { id in
            FaultPlan.shared.add(
                FaultRule(
                    "workflow.\(workflow).schedule.commit.before", subject: id.description,
                    .run { try await meeting.join() }, count: 1))
        }
        defer { for rule in rules { FaultPlan.shared.remove(rule) } }
        try await body()
        for rule in rules { #expect(FaultPlan.shared.remaining(rule) == 0, "both have met") }
    }

    private func begin(_ move: Move, _ id: ServerID, _ cloud: TestCloud) async throws {
        switch move {
        case .resize: try await cloud.resize(id, keepsFlavor: true)
        case .liveMigrate: try await cloud.liveMigrate(id)
        case .evacuate: try await cloud.evacuate(id)
        case .unshelve: try await cloud.unshelve(id)
        }
    }

    /// Two servers of a group with the policy anti-affinity, on the first two hosts or shelved.
    private func members(_ cloud: TestCloud, shelved: Bool) async throws -> [ServerID] {
        var ids: [ServerID] = []
        for host in ["host1", "host2"] {
            let id = try await cloud.boot(on: shelved ? nil : host)
            try await cloud.settle(id)
            if shelved {
                try await cloud.shelve(id)
                try #require(try await cloud.settle(id).vmState == .shelvedOffloaded)
            }
            ids.append(id)
        }
        try await cloud.nova.write { [ids] connection in
            var group = ServerGroup()
            group.id = .random()
            group.policy = .antiAffinity
            try ServerGroupTable(connection).insert(group)
            for id in ids { try ServerTable(connection).change(id) { $0.serverGroupID = group.id } }
        }
        return ids
    }

    @Test(
        "only one gets the one host that is left; the other stays what it was", arguments: DatabaseKind.available,
        Move.allCases)
    func antiAffinity(kind: DatabaseKind, move: Move) async throws {
        var options = TestCloud.Options()
        options.database = kind
        options.hosts = move == .unshelve ? 1 : 3
        let cloud = try await TestCloud(options)
        do {
            let ids = try await members(cloud, shelved: move == .unshelve)
            let before = try await cloud.server(ids[0])
            var former: [ServerID: String?] = [:]
            for id in ids { former[id] = try await cloud.server(id)?.host }
            if move == .evacuate {
                for compute in cloud.computes.prefix(2) { await compute.kill() }
                try await cloud.declareDown(true) { $0 != "host3" }
            }
            try await together(ids, move.rawValue) {
                for id in ids { try await begin(move, id, cloud) }
                for id in ids { try await cloud.settle(id, owed: true) }
            }
            let servers = try await [cloud.server(ids[0]), cloud.server(ids[1])].compactMap(\.self)
            let last = options.hosts == 1 ? "host1" : "host3"
            let moved = servers.filter { $0.host == last }
            try #require(moved.count == 1, "\(servers.map { "\($0.host ?? "-") \($0.fault?.message ?? "-")" })")
            #expect(moved[0].vmState == (move == .resize ? .resized : .active))
            let stayed = try #require(servers.first { $0.host != last })
            // A live migration leaves its first host at once: the other one may have found that.
            if stayed.host == former[stayed.id] ?? nil || move != .liveMigrate {
                #expect(stayed.fault?.message.hasPrefix("No valid host was found.") == true)
                #expect(stayed.host == former[stayed.id] ?? nil)
            }
            #expect(stayed.vmState == before?.vmState)
            if move == .evacuate {
                try await cloud.heal()
                try await cloud.declareDown(false) { _ in true }
            }
            try await until("no leaks") { try await cloud.leaks().isEmpty }
        } catch {
            await cloud.stop()
            throw error
        }
        await cloud.stop()
    }
}
