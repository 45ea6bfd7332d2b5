import DatabaseTestKit
import Foundation
import NovaCore
import NovaDatabase
import NovaModel
import NovaSchema
import NovaStore
import Testing

/// Requests to two processes at the same time, on one database.
@Suite("Quotas under actions at the same time", .timeLimit(.minutes(2)))
struct QuotaRaceTests {
    private func withTwo(
        _ kind: DatabaseKind, _ settings: [String],
        _ body: @escaping @Sendable ([CloudAPI]) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("nova-race-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let address: DatabaseAddress =
            kind == .sqlite ? .sqlite(path: "\(folder.path)/nova.sqlite") : .postgresql(try DatabaseKind.target())
        try await CloudAPI.with(settings, at: address) { first in
            try await CloudAPI.with(settings, at: address) { second in try await body([first, second]) }
        }
    }

    /// Sends the same action for each server, all at once, one half to each process; answers the statuses.
    private func act(_ apis: [CloudAPI], _ ids: [ServerID], _ body: JSONValue) async throws -> [Int] {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for (number, id) in ids.enumerated() {
                let api = apis[number % apis.count]
                group.addTask { try await api.send("POST", "/servers/\(id)/action", body).status }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test(
        "Resizes at once never exceed the limit, though no server has its new flavor yet.",
        arguments: DatabaseKind.available)
    func resizes(kind: DatabaseKind) async throws {
        try await withTwo(kind, ["quota.cores=25", "quota.ram=-1"]) { apis in
            try await apis[0].host("h1")
            var ids: [ServerID] = []
            for _ in 0..<20 { ids.append(try await apis[0].server { $0.host = "h1" }) }
            let statuses = try await act(apis, ids, ["resize": ["flavorRef": "3"]])
            #expect(statuses.count { $0 == 202 } == 5 && statuses.count { $0 == 403 } == 15, "\(statuses)")
            let usage = try await apis[0].database.read { try ServerTable($0).usage(of: CloudAPI.project) }
            #expect(usage == (20, 25, 20 * 512 + 5 * 3584))
            #expect(try await apis[0].send("POST", "/servers", CloudAPI.wanted()).status == 403)
        }
    }

    @Test("Restores at once never exceed the limit, though no server is back yet.", arguments: DatabaseKind.available)
    func restores(kind: DatabaseKind) async throws {
        try await withTwo(kind, ["DEFAULT.reclaim_instance_interval=600", "quota.instances=3"]) { apis in
            try await apis[0].server()
            var ids: [ServerID] = []
            for _ in 0..<12 {
                ids.append(
                    try await apis[0].server {
                        $0.host = "h1"
                        ($0.vmState, $0.deletedAt) = (.softDeleted, .now())
                    })
            }
            let statuses = try await act(apis, ids, ["restore": nil])
            #expect(statuses.count { $0 == 202 } == 2 && statuses.count { $0 == 403 } == 10, "\(statuses)")
        }
    }

    @Test("A move counts with the larger flavor until it is confirmed, or has ended.")
    func moves() async throws {
        try await CloudAPI.with { api in
            try await api.host("h1")
            let id = try await api.server { $0.host = "h1" }
            var bigger = Flavor()
            (bigger.id, bigger.vcpus, bigger.memoryMB) = ("4", 4, 8192)
            func cores() async throws -> Int64 {
                try await api.database.read { try ServerTable($0).usage(of: CloudAPI.project).cores }
            }
            func begin(_ type: String, to flavor: Flavor) async throws -> MigrationID {
                try await api.database.write { connection in
                    let server = try #require(try ServerTable(connection).find(id))
                    try MoveTable(connection).begin(
                        WorkflowKindName.resize, type: type, of: server, to: flavor, .system())
                    return try #require(try MigrationTable(connection).open(of: id).last).id
                }
            }
            func show(_ migration: MigrationID, _ status: String, on flavor: Flavor?) async throws {
                try await api.database.write { connection in
                    try MigrationTable(connection).change(migration) { $0.status = status }
                    if let flavor { try ServerTable(connection).change(id) { $0.flavor = flavor } }
                }
            }
            let small = try #require(try await api.database.read { try ServerTable($0).find(id) }).flavor
            let up = try await begin("resize", to: bigger)
            #expect(try await cores() == 4)
            try await show(up, "error", on: nil)
            #expect(try await cores() == 1, "one that failed needs nothing")
            let again = try await begin("resize", to: bigger)
            try await show(again, "finished", on: bigger)
            #expect(try await cores() == 4)
            try await show(again, "confirmed", on: nil)
            let down = try await begin("resize", to: small)
            try await show(down, "finished", on: small)
            #expect(try await cores() == 4, "it may go back")
            try await show(down, "confirmed", on: nil)
            #expect(try await cores() == 1)
        }
    }
}
