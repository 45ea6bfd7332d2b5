import DatabaseTestKit
import Foundation
import NovaCore
import NovaDatabase
import NovaModel
import NovaSchema
import NovaStore
import Testing

@Suite("Flavors", .timeLimit(.minutes(1)))
struct FlavorTests {
    private static func flavor(_ id: String, _ more: [String: JSONValue] = [:]) -> JSONValue {
        var flavor: JSONObject = ["name": .string("f-\(id)"), "id": .string(id), "ram": 64, "vcpus": 1, "disk": 0]
        for (key, value) in more { flavor[key] = value }
        return ["flavor": .object(flavor)]
    }

    @Test func privateFlavorsAreForSomeProjects() async throws {
        try await CloudAPI.with { api in
            let body = Self.flavor("p", ["os-flavor-access:is_public": false])
            #expect(try await api.send("POST", "/flavors", body, as: "admin").status == 200)
            let empty = try await api.send("GET", "/flavors/p/os-flavor-access", as: "admin")
            #expect(empty.body == ["flavor_access": []])
            #expect(try await api.send("GET", "/flavors/p", as: "other").status == 404)
            let grant: JSONValue = ["addTenantAccess": ["tenant": .string(CloudAPI.otherProject.text)]]
            #expect(try await api.send("POST", "/flavors/p/action", grant).status == 403)
            let granted = try await api.send("POST", "/flavors/p/action", grant, as: "admin")
            #expect(granted.body["flavor_access"]?.arrayValue?.count == 1)
            #expect(try await api.send("POST", "/flavors/p/action", grant, as: "admin").status == 409)
            #expect(try await api.send("GET", "/flavors/p", as: "other").status == 200)
            let list = try await api.send("GET", "/flavors", as: "other").body["flavors"]?.arrayValue ?? []
            #expect(list.contains { $0["id"] == "p" })
            let revoke: JSONValue = ["removeTenantAccess": ["tenant": .string(CloudAPI.otherProject.text)]]
            #expect(try await api.send("POST", "/flavors/p/action", revoke, as: "admin").status == 200)
            #expect(try await api.send("POST", "/flavors/p/action", revoke, as: "admin").status == 404)
            #expect(try await api.send("GET", "/flavors/p", as: "other").status == 404)
            let server = CloudAPI.wanted(["flavorRef": "p"])
            #expect(try await api.send("POST", "/servers", server, as: "other").status == 400)
            #expect(try await api.send("GET", "/flavors/1/os-flavor-access", as: "admin").status == 404)
            #expect(try await api.send("POST", "/flavors/1/action", grant, as: "admin", version: "2.7").status == 409)
            let hidden = try await api.send("GET", "/flavors?is_public=false", as: "admin").body["flavors"]
            #expect(hidden?.arrayValue?.compactMap { $0["id"]?.stringValue } == ["p"])
            #expect(try await api.send("GET", "/flavors?is_public=maybe", as: "admin").status == 400)
        }
    }

    @Test("a change through another nova-api shows on the next list, and so does one of ours")
    func listsAreCurrent() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "nova-flavors-\(UUID128.random())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let address = DatabaseAddress.sqlite(path: "\(folder)/nova.sqlite")
        try await CloudAPI.with(at: address) { api in
            let other = try await DatabaseKind.open(address, NovaDatabaseSchema.schema)
            func names(_ token: String = "member", _ query: String = "", version: String = "2.104") async throws
                -> [String]
            {
                let reply = try await api.send("GET", "/flavors/detail" + query, as: token, version: version)
                return reply.body["flavors"]?.arrayValue?.compactMap { $0["name"]?.stringValue } ?? []
            }
            #expect(try await names().count == 5)
            #expect(try await names("", "?limit=2").isEmpty)
            #expect(try await names("member", "?limit=2").count == 2)
            for index in 0..<5 {
                var flavor = Flavor()
                (flavor.id, flavor.name) = ("own-\(index)", "own-\(index)")
                flavor.isPublic = index < 4
                try await other.write { [flavor] in
                    var flavor = flavor
                    try FlavorTable($0).insert(&flavor)
                }
                for _ in 0..<3 { #expect(try await names().contains("own-\(index)") == (index < 4)) }
            }
            try await other.write { _ = try FlavorTable($0).grant("own-4", to: CloudAPI.otherProject) }
            #expect(try await names("other").contains("own-4"))
            #expect(try await !names().contains("own-4"))
            #expect(try await names("admin", "?is_public=none").contains("own-4"))
            #expect(try await api.send("DELETE", "/flavors/own-1", as: "admin").status == 202)
            #expect(try await !names().contains("own-1"))
            // Each microversion has an answer of its own.
            let old = try await api.send("GET", "/flavors/detail", version: "2.1").body["flavors"]?.arrayValue?.first
            #expect(old?["rxtx_factor"] != nil)
            let new = try await api.send("GET", "/flavors/detail").body["flavors"]?.arrayValue?.first
            #expect(new?["rxtx_factor"] == nil && new?["description"] != nil)
            await other.close()
        }
    }

    @Test func extraSpecs() async throws {
        try await CloudAPI.with { api in
            let path = "/flavors/1/os-extra_specs"
            let specs: JSONValue = ["extra_specs": ["hw:cpu_policy": "shared", "mine": "1"]]
            let refused = try await api.send("POST", path, specs)
            #expect(refused.status == 403)
            #expect(try await api.send("POST", path, specs, as: "admin").body == specs)
            #expect(try await api.send("GET", path).body == specs)
            #expect(try await api.send("PUT", path + "/mine", ["mine": "2"], as: "admin").body == ["mine": "2"])
            #expect(try await api.send("PUT", path + "/mine", ["other": "2"], as: "admin").status == 400)
            #expect(try await api.send("GET", path + "/mine").body == ["mine": "2"])
            #expect(try await api.send("DELETE", path + "/mine", as: "admin").status == 200)
            #expect(try await api.send("GET", path + "/mine").status == 404)
            let wrong: JSONValue = ["extra_specs": ["hw:cpu_policy": "nix"]]
            #expect(try await api.send("POST", path, wrong, as: "admin", version: "2.85").status == 200)
            #expect(try await api.send("POST", path, wrong, as: "admin", version: "2.86").status == 400)
            #expect(try await api.send("POST", "/flavors/nix/os-extra_specs", specs, as: "admin").status == 404)
        }
    }

    @Test func descriptionsComeWith55() async throws {
        try await CloudAPI.with { api in
            let body = Self.flavor("d", ["description": "big"])
            #expect(try await api.send("POST", "/flavors", body, as: "admin", version: "2.54").status == 400)
            #expect(try await api.send("POST", "/flavors", body, as: "admin").body["flavor"]?["description"] == "big")
            let change: JSONValue = ["flavor": ["description": nil]]
            #expect(try await api.send("PUT", "/flavors/d", change, as: "admin", version: "2.54").status == 404)
            let changed = try await api.send("PUT", "/flavors/d", change, as: "admin").body["flavor"]
            #expect(changed?["description"] == .null)
            #expect(try await api.send("PUT", "/flavors/nix", change, as: "admin").status == 404)
            #expect(try await api.send("GET", "/flavors/d", version: "2.54").body["flavor"]?["description"] == nil)
        }
    }

    @Test func listsSortAndFilter() async throws {
        try await CloudAPI.with { api in
            func ids(_ query: String) async throws -> [String] {
                let flavors = try await api.send("GET", "/flavors?\(query)").body["flavors"]
                return flavors?.arrayValue?.compactMap { $0["id"]?.stringValue } ?? []
            }
            let all = try await ids("")
            #expect(all == ["1", "2", "3", "4", "5"])
            #expect(try await ids("sort_key=memory_mb&sort_dir=desc&limit=2") == ["5", "4"])
            #expect(try await ids("minRam=8192") == ["4", "5"])
            #expect(try await ids("marker=4") == ["5"])
            #expect(try await api.send("GET", "/flavors?minRam=x").status == 400)
            #expect(try await api.send("GET", "/flavors?marker=nix").status == 400)
            #expect(try await api.send("GET", "/flavors?nix=1").status == 400)
            #expect(try await api.send("GET", "/flavors?nix=1", version: "2.74").status == 200)
        }
    }
}
