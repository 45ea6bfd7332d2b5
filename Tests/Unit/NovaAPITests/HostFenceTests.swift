import NovaCore
import NovaDatabase
import NovaModel
import NovaSchema
import NovaStore
import Testing

@Suite("Fencing over the API", .timeLimit(.minutes(1)))
struct HostFenceTests {
    @Test func onlyAdministratorsSwitchKnownHostsOff() async throws {
        try await CloudAPI.with { api in
            try await api.host("h1")
            let path = "/os-nova-fences"
            func wanted(_ host: String) -> JSONValue { ["fence": ["host": .string(host), "reason": "smoke"]] }
            #expect(try await api.send("POST", path, wanted("h1")).status == 403)
            #expect(try await api.send("GET", path).status == 403)
            #expect(try await api.send("POST", path, ["fence": ["host": "h1"]], as: "admin").status == 400)
            #expect(try await api.send("POST", path, wanted("h9"), as: "admin").status == 404)
            let made = try await api.send("POST", path, wanted("h1"), as: "admin")
            #expect(made.status == 202 && made.body["fence"]?["state"] == "running")
            let again = try await api.send("POST", path, wanted("h1"), as: "admin")
            #expect(again.status == 409 && again.message.contains("is being switched off already"))
            let listed = try await api.send("GET", path + "?host=h1", as: "admin").body["fences"]?.arrayValue ?? []
            #expect(listed.count == 1 && listed.first?["reason"] == "smoke" && listed.first?["user_id"] == "admin")
            #expect(try await api.send("GET", path + "?host=h2", as: "admin").body["fences"] == [])
            let workflow = try #require(made.body["fence"]?["workflow_id"]?.stringValue)
            let shown = try await api.send("GET", "/os-nova-workflows/\(workflow)", as: "admin").body["workflow"]
            #expect(shown?["name"] == "fenceHost" && shown?["server_name"] == "h1")
        }
    }

    @Test func aFencedHostSaysWhyUntilItIsUp() async throws {
        try await CloudAPI.with { api in
            try await api.host("h1")
            try await api.database.write {
                try HostFenceTable($0).declareDown(HostFenceState("h1", reason: "smoke"), by: "test")
            }
            func service() async throws -> JSONValue {
                try await api.send("GET", "/os-services?host=h1", as: "admin").body["services"]?[0] ?? .null
            }
            let down = try await service()
            #expect(down["forced_down"] == true && down["state"] == "down" && down["status"] == "enabled")
            #expect(down["disabled_reason"] == "fenced: smoke")
            let refused = try await api.send(
                "POST", "/os-nova-fences", ["fence": ["host": "h1", "reason": "x"]], as: "admin")
            #expect(refused.status == 409 && refused.message == "Compute host h1 is declared down already.")
            let id = try #require(down["id"]?.stringValue)
            #expect(try await api.send("PUT", "/os-services/\(id)", ["forced_down": false], as: "admin").status == 200)
            #expect(try await service()["disabled_reason"]?.stringValue == nil)
        }
    }
}
