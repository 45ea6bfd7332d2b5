import NovaCore
import NovaDatabase
import NovaModel
import NovaSchema
import NovaStore
import Testing

@Suite("Aggregates, services, hypervisors, groups", .timeLimit(.minutes(1)))
struct HostsAndGroupsTests {
    @Test func aggregatesMakeZones() async throws {
        try await CloudAPI.with { api in
            try await api.host("h1")
            try await api.host("h2")
            func send(_ verb: String, _ path: String, _ body: JSONValue? = nil) async throws -> CloudAPI.Reply {
                try await api.send(verb, "/os-aggregates" + path, body, as: "admin")
            }
            let east: JSONValue = ["aggregate": ["name": "east", "availability_zone": "east"]]
            #expect(try await api.send("POST", "/os-aggregates", east).status == 403)
            let made = try await send("POST", "", east)
            #expect(made.status == 200)
            #expect(made.body["aggregate"]?["hosts"] == nil)
            let id = try #require(made.body["aggregate"]?["id"]?.integerValue)
            #expect(try await send("POST", "", east).status == 409)
            #expect(try await send("POST", "/\(id)/action", ["add_host": ["host": "h9"]]).status == 404)
            let added = try await send("POST", "/\(id)/action", ["add_host": ["host": "h1"]])
            #expect(added.body["aggregate"]?["hosts"] == ["h1"])
            #expect(try await send("POST", "/\(id)/action", ["add_host": ["host": "h1"]]).status == 409)
            let west = try await send("POST", "", ["aggregate": ["name": "west", "availability_zone": "west"]])
            let other = try #require(west.body["aggregate"]?["id"]?.integerValue)
            let twice = try await send("POST", "/\(other)/action", ["add_host": ["host": "h1"]])
            #expect(twice.status == 409, "a host is in one zone")
            let metadata: JSONValue = ["set_metadata": ["metadata": ["ssd": "true", "gone": nil]]]
            let set = try await send("POST", "/\(id)/action", metadata)
            #expect(set.body["aggregate"]?["metadata"] == ["availability_zone": "east", "ssd": "true"])
            let zones = try await api.send("GET", "/os-availability-zone").body["availabilityZoneInfo"]?.arrayValue
            #expect(zones?.compactMap { $0["zoneName"]?.stringValue } == ["east", "nova"])
            #expect(try await api.send("GET", "/os-availability-zone/detail").status == 403)
            let detail = try await api.send("GET", "/os-availability-zone/detail", as: "admin")
            #expect(detail.body["availabilityZoneInfo"]?[0]?["hosts"]?["h1"]?["nova-compute"]?["active"] == true)
            let server = try await api.server { $0.host = "h1" }
            let shown = try await api.send("GET", "/servers/\(server)").body["server"]
            #expect(shown?["OS-EXT-AZ:availability_zone"] == "east")
            let rename = try await send("PUT", "/\(id)", ["aggregate": ["availability_zone": "south"]])
            #expect(rename.status == 400, "its server would change its zone")
            #expect(try await send("DELETE", "/\(id)").status == 400)
            try await api.database.write { connection in
                try ServerTable(connection).change(server) { $0.host = nil }
            }
            #expect(try await send("POST", "/\(id)/action", ["remove_host": ["host": "h1"]]).status == 200)
            #expect(try await send("POST", "/\(id)/action", ["remove_host": ["host": "h1"]]).status == 404)
            #expect(try await send("DELETE", "/\(id)").status == 200)
            #expect(try await send("GET", "/\(id)").status == 404)
            let old = try await api.send("GET", "/os-aggregates/\(other)", as: "admin", version: "2.40")
            #expect(old.body["aggregate"]?["uuid"] == nil)
        }
    }

    @Test func servicesAreDisabledByIDAndByWord() async throws {
        try await CloudAPI.with { api in
            try await api.host("h1")
            let list = try await api.send("GET", "/os-services", as: "admin").body["services"]
            let id = try #require(list?[0]?["id"]?.stringValue)
            let body: JSONValue = ["status": "disabled", "disabled_reason": "repair"]
            let changed = try await api.send("PUT", "/os-services/\(id)", body, as: "admin").body["service"]
            #expect(changed?["status"] == "disabled")
            #expect(changed?["disabled_reason"] == "repair")
            let host = try await api.database.read { try HostTable($0).find("h1") }
            #expect(host?.isDisabled == true)
            #expect(
                try await api.send("PUT", "/os-services/\(id)", ["disabled_reason": "x"], as: "admin").status == 400)
            #expect(try await api.send("PUT", "/os-services/nix", body, as: "admin").status == 400)
            let words: JSONValue = ["host": "h1", "binary": "nova-compute"]
            let enabled = try await api.send("PUT", "/os-services/enable", words, as: "admin", version: "2.52")
            #expect(enabled.body["service"]?["status"] == "enabled")
            let down: JSONValue = ["host": "h1", "binary": "nova-compute", "forced_down": true]
            #expect(
                try await api.send("PUT", "/os-services/force-down", down, as: "admin", version: "2.10").status == 404)
            let forced = try await api.send("PUT", "/os-services/force-down", down, as: "admin", version: "2.11")
            #expect(forced.body["service"]?["forced_down"] == true)
            let isDown = try await api.database.read { try HostTable($0).isForcedDown("h1") }
            #expect(isDown)
            #expect(
                try await api.send(
                    "PUT", "/os-services/enable", ["host": "x", "binary": "y"], as: "admin", version: "2.1"
                )
                .status == 404)
            let server = try await api.server { $0.host = "h1" }
            #expect(try await api.send("DELETE", "/os-services/\(id)", as: "admin").status == 409)
            try await api.database.write { connection in
                try ServerTable(connection).change(server) { $0.host = nil }
            }
            #expect(try await api.send("DELETE", "/os-services/\(id)", as: "admin").status == 204)
            #expect(try await api.send("GET", "/os-services", as: "admin").body["services"] == [])
        }
    }

    @Test func hypervisorsByVersion() async throws {
        try await CloudAPI.with { api in
            try await api.host("h1")
            try await api.host("h2")
            func send(_ path: String, _ version: String) async throws -> CloudAPI.Reply {
                try await api.send("GET", "/os-hypervisors" + path, as: "admin", version: version)
            }
            let old = try await send("", "2.52").body["hypervisors"]
            let number = try #require(old?[0]?["id"]?.integerValue)
            #expect(try await send("/\(number)", "2.52").body["hypervisor"]?["hypervisor_hostname"] == "h1.example")
            #expect(
                try await send("/h2/search", "2.52").body["hypervisors"]?[0]?["hypervisor_hostname"] == "h2.example")
            #expect(try await send("/nix/search", "2.52").status == 404)
            #expect(try await send("/h2/search", "2.53").status == 404)
            #expect(
                try await send("?hypervisor_hostname_pattern=h2", "2.53").body["hypervisors"]?.arrayValue?.count == 1)
            #expect(try await send("/nix", "2.53").status == 400)
            #expect(try await send("/\(ProviderID.random())", "2.53").status == 404)
            #expect(try await send("/statistics", "2.87").body["hypervisor_statistics"]?["count"] == 2)
            #expect(try await send("/statistics", "2.88").status == 404)
            let page = try await send("?limit=1", "2.33").body
            #expect(page["hypervisors"]?.arrayValue?.count == 1)
            #expect(page["hypervisors_links"] != nil)
            #expect(try await api.send("GET", "/os-hypervisors").status == 403)
            #expect(try await api.send("GET", "/os-hosts", as: "admin", version: "2.43").status == 404)
            let host = try await api.send("GET", "/os-hosts/h1", as: "admin", version: "2.42").body["host"]
            #expect(host?[0]?["resource"]?["cpu"] == 8)
        }
    }

    @Test func groupsHaveMembersAndQuotas() async throws {
        try await CloudAPI.with(["quota.server_groups=2", "quota.server_group_members=1"]) { api in
            let path = "/os-server-groups"
            let body: JSONValue = [
                "server_group": ["name": "g", "policy": "anti-affinity", "rules": ["max_server_per_host": 2]]
            ]
            let made = try await api.send("POST", path, body).body["server_group"]
            #expect(made?["rules"] == ["max_server_per_host": 2])
            #expect(made?["project_id"] == .string(CloudAPI.project.text))
            let id = try #require(made?["id"]?.stringValue)
            let soft: JSONValue = ["server_group": ["name": "s", "policies": ["soft-affinity"]]]
            #expect(try await api.send("POST", path, soft, version: "2.14").status == 400)
            #expect(
                try await api.send("POST", path, soft, version: "2.15").body["server_group"]?["policies"] == [
                    "soft-affinity"
                ])
            let third = try await api.send("POST", path, body)
            #expect(third.status == 403)
            #expect(third.message == "Quota exceeded, too many server groups.")
            let rules: JSONValue = [
                "server_group": ["name": "r", "policy": "affinity", "rules": ["max_server_per_host": 2]]
            ]
            #expect(try await api.send("POST", path, rules).status == 400)
            let server = try await api.send("POST", "/servers", CloudAPI.wanted(hints: ["group": .string(id)]))
            let member = try #require(server.body["server"]?["id"]?.stringValue)
            #expect(try await api.send("GET", "\(path)/\(id)").body["server_group"]?["members"] == [.string(member)])
            #expect(try await api.send("GET", "/servers/\(member)").body["server"]?["server_groups"] == [.string(id)])
            let full = try await api.send("POST", "/servers", CloudAPI.wanted(hints: ["group": .string(id)]))
            #expect(full.message == "Quota exceeded, too many servers in group")
            let unknown = try await api.send(
                "POST", "/servers", CloudAPI.wanted(hints: ["group": .string(ServerGroupID.random().description)]))
            #expect(unknown.status == 400)
            #expect(try await api.send("GET", "\(path)/\(id)", as: "other").status == 404)
            #expect(try await api.send("GET", path, as: "other").body["server_groups"] == [])
            #expect(try await api.send("GET", path + "?limit=1&offset=1").body["server_groups"]?.arrayValue?.count == 1)
            #expect(try await api.send("DELETE", "\(path)/\(id)").status == 204)
            #expect(try await api.send("DELETE", "\(path)/\(id)").status == 404)
            #expect(try await api.send("GET", "/servers/\(member)").body["server"]?["server_groups"] == [])
        }
    }

    @Test("Of two members that get a host at the same time, anti-affinity lets one have it.")
    func lateConflict() async throws {
        try await CloudAPI.with { api in
            var group = ServerGroup()
            group.id = .random()
            group.policy = .antiAffinity
            let made = group
            try await api.database.write { try ServerGroupTable($0).insert(made) }
            let first = try await api.server { $0.serverGroupID = made.id }
            let second = try await api.server { $0.serverGroupID = made.id }
            func take(_ server: ServerID, _ host: String) async throws -> Bool {
                try await api.database.write { connection in
                    guard try ServerGroupTable(connection).admits(server, to: host, group: made.id) else {
                        return false
                    }
                    try ServerTable(connection).change(server) { $0.host = host }
                    return true
                }
            }
            #expect(try await take(first, "h1"))
            let isRefused = try await take(second, "h1") == false
            #expect(isRefused)
            #expect(try await take(first, "h1"), "it may have its own host again")
            #expect(try await take(second, "h2"))
        }
    }

    @Test func eventsAnswerEach() async throws {
        try await CloudAPI.with { api in
            let ready = try await api.server { $0.host = "h1" }
            let waiting = try await api.server()
            func event(_ id: ServerID) -> JSONValue {
                ["name": "network-changed", "server_uuid": .string(id.description)]
            }
            let path = "/os-server-external-events"
            #expect(try await api.send("POST", path, ["events": [event(ready)]]).status == 403)
            let good = try await api.send("POST", path, ["events": [event(ready)]], as: "admin")
            #expect(good.status == 200)
            #expect(good.body["events"]?[0]?["status"] == "completed")
            let mixed = try await api.send(
                "POST", path, ["events": [event(ready), event(waiting), event(.random())]], as: "admin")
            #expect(mixed.status == 207)
            #expect(mixed.body["events"]?.arrayValue?.compactMap { $0["code"]?.integerValue } == [200, 422, 404])
        }
    }

    @Test func usageCountsHours() async throws {
        try await CloudAPI.with { api in
            let now = Timestamp.now()
            try await api.server { $0.launchedAt = now.adding(seconds: -7200) }
            try await api.server {
                $0.launchedAt = now.adding(seconds: -7200)
                $0.terminatedAt = now.adding(seconds: -3600)
                $0.isDeleted = true
            }
            let path = "/os-simple-tenant-usage"
            let shown = try await api.send("GET", "\(path)/\(CloudAPI.project)").body["tenant_usage"]
            #expect(abs((shown?["total_hours"]?.doubleValue ?? 0) - 3) < 0.05)
            #expect(abs((shown?["total_memory_mb_usage"]?.doubleValue ?? 0) - 3 * 512) < 26)
            #expect(shown?["server_usages"]?.arrayValue?.count == 2)
            #expect(try await api.send("GET", path).status == 403)
            let all = try await api.send("GET", path + "?detailed=0", as: "admin").body["tenant_usages"]
            #expect(all?.arrayValue?.count == 1)
            #expect(all?[0]?["server_usages"] == nil)
            let wrong = "?start=2026-01-02T00:00:00&end=2026-01-01T00:00:00"
            #expect(try await api.send("GET", path + wrong, as: "admin").status == 400)
            #expect(try await api.send("GET", path + "?start=nix", as: "admin").status == 400)
            let future = try await api.send(
                "GET", "\(path)/\(CloudAPI.project)?start=2001-01-01T00:00:00&end=2001-01-02T00:00:00")
            #expect(future.body["tenant_usage"] == [:])
        }
    }
}
