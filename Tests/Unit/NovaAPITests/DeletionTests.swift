import DatabaseTestKit
import NovaCore
import NovaDatabase
import NovaModel
import NovaSchema
import NovaStore
import Testing

@Suite("Deleting servers that are kept for a while", .timeLimit(.minutes(1)))
struct DeletionTests {
    private static let kept = ["DEFAULT.reclaim_instance_interval=600"]

    private func work(_ api: CloudAPI, on id: ServerID) async throws -> [String] {
        try await api.database.read { connection in
            try WorkflowTable(connection).list(server: id, openOnly: true, limit: 10).map(\.action)
        }
    }

    @Test func aServerThatRanIsKept() async throws {
        try await CloudAPI.with(Self.kept) { api in
            let id = try await api.server { $0.host = "h1" }
            for _ in 0..<2 { #expect(try await api.send("DELETE", "/servers/\(id)").status == 204) }
            #expect(try await work(api, on: id) == ["softDelete"])
            let server = try await api.database.read { try ServerTable($0).find(id) }
            #expect(server?.taskState == .softDeleting)
        }
    }

    @Test func whatNeverRanIsDeletedAtOnce() async throws {
        try await CloudAPI.with(Self.kept) { api in
            let id = try await api.server { $0.launchedAt = nil }
            #expect(try await api.send("DELETE", "/servers/\(id)").status == 204)
            #expect(try await work(api, on: id) == ["delete"])
        }
    }

    @Test func withoutATimeNothingIsKept() async throws {
        try await CloudAPI.with { api in
            let id = try await api.server { $0.host = "h1" }
            #expect(try await api.send("DELETE", "/servers/\(id)").status == 204)
            #expect(try await work(api, on: id) == ["delete"])
        }
    }

    @Test func keptServersAreHiddenUnlessAskedFor() async throws {
        try await CloudAPI.with(Self.kept) { api in
            let id = try await api.server("kept") { ($0.vmState, $0.deletedAt) = (.softDeleted, .now()) }
            try await api.server("other")
            func names(_ query: String, as token: String = "member") async throws -> [String] {
                let servers = try await api.send("GET", "/servers?\(query)", as: token).body["servers"]?.arrayValue
                return (servers ?? []).compactMap { $0["name"]?.stringValue }
            }
            #expect(try await names("") == ["other"])
            #expect(try await names("status=SOFT_DELETED") == ["kept"])
            #expect(try await names("soft_deleted=true", as: "admin") == ["other", "kept"])
            #expect(try await api.send("GET", "/servers/\(id)").body["server"]?["status"] == "SOFT_DELETED")
        }
    }

    @Test func restoreCountsAgain() async throws {
        try await CloudAPI.with(Self.kept + ["quota.instances=1"]) { api in
            let id = try await api.server("kept") { server in
                (server.vmState, server.deletedAt) = (.softDeleted, .now())
                server.host = "h1"
            }
            let other = try await api.server("other") { $0.host = "h1" }
            let refused = try await api.send("POST", "/servers/\(id)/action", ["restore": nil])
            #expect(refused.status == 403)
            #expect(refused.message == "Quota exceeded for instances: Requested 1, but already used 1 of 1 instances")
            #expect(try await api.send("POST", "/servers/\(other)/action", ["forceDelete": nil]).status == 202)
            try await api.database.write { connection in
                try ServerTable(connection).change(other) { $0.isDeleted = true }
            }
            #expect(try await api.send("POST", "/servers/\(id)/action", ["restore": nil]).status == 202)
            #expect(try await work(api, on: id) == ["restore"])
            #expect(try await api.send("POST", "/servers/\(id)/action", ["restore": nil]).status == 409)
        }
    }
}
