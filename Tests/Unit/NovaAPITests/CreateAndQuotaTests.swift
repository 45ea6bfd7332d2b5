import DatabaseTestKit
import NovaCore
import NovaDatabase
import NovaModel
import NovaSchema
import NovaStore
import Testing

@Suite("Creating servers within quotas", .timeLimit(.minutes(2)))
struct CreateAndQuotaTests {
    @Test("50 requests at once never exceed the limit.", arguments: DatabaseKind.available)
    func race(kind: DatabaseKind) async throws {
        try await CloudAPI.with(["quota.instances=7"], database: kind) { api in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<50 {
                    group.addTask { try await api.send("POST", "/servers", CloudAPI.wanted()).status }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.count { $0 == 202 } == 7)
            #expect(statuses.count { $0 == 403 } == 43)
            let usage = try await api.database.read { try ServerTable($0).usage(of: CloudAPI.project) }
            #expect(usage.servers == 7)
        }
    }

    @Test func asManyAsFitAreMade() async throws {
        try await CloudAPI.with(["quota.instances=3"]) { api in
            let made = try await api.send(
                "POST", "/servers", CloudAPI.wanted(["min_count": 2, "max_count": 5, "return_reservation_id": true]))
            #expect(made.status == 202)
            #expect(made.body["reservation_id"]?.stringValue?.hasPrefix("r-") == true)
            #expect(made.body["server"] == nil)
            let servers = try await api.send("GET", "/servers").body["servers"]?.arrayValue ?? []
            #expect(servers.compactMap { $0["name"]?.stringValue } == ["new-3", "new-2", "new-1"])
            let more = try await api.send("POST", "/servers", CloudAPI.wanted())
            #expect(more.status == 403)
            #expect(
                more.message == "Quota exceeded for instances: Requested 1, but already used 3 of 3 instances")
            let wrong = try await api.send("POST", "/servers", CloudAPI.wanted(["min_count": 3, "max_count": 2]))
            #expect(wrong.status == 400)
        }
    }

    @Test func optionsAreKeptAndShown() async throws {
        try await CloudAPI.with { api in
            try await api.host("h1")
            let made = try await api.send(
                "POST", "/servers",
                CloudAPI.wanted(
                    [
                        "tags": ["a", "b"], "description": "text", "accessIPv6": "fe80::1",
                        "OS-DCF:diskConfig": "AUTO", "hostname": "box.example", "availability_zone": "nova",
                        "metadata": ["k": "v"],
                    ], hints: ["query": "[]", "note": ["x"]]))
            #expect(made.status == 202, "\(made.message)")
            let id = try #require(made.body["server"]?["id"]?.stringValue)
            let shown = try #require(try await api.send("GET", "/servers/\(id)").body["server"])
            #expect(shown["tags"] == ["a", "b"])
            #expect(shown["accessIPv6"] == "fe80::1")
            #expect(shown["OS-DCF:diskConfig"] == "AUTO")
            #expect(shown["OS-EXT-SRV-ATTR:hostname"] == "box.example")
            #expect(shown["pinned_availability_zone"] == "nova")
            #expect(shown["scheduler_hints"] == ["query": "[]", "note": ["x"]])
            #expect(shown["image"]?["properties"] == ["hw_disk_bus": "virtio"])
            #expect(shown["locked_reason"] == .null)
            let old = try #require(try await api.send("GET", "/servers/\(id)", version: "2.1").body["server"])
            for later in ["tags", "locked", "description", "pinned_availability_zone", "scheduler_hints"] {
                #expect(old[later] == nil, "\(later)")
            }
        }
    }

    @Test(
        arguments: [
            (["availability_zone": "nowhere"], "The requested availability zone is not available"),
            (["flavorRef": "nix"], "Flavor nix could not be found."),
            (["key_name": "nix"], "Invalid key_name provided."),
            (["imageRef": ""], "Missing imageRef attribute"),
            (
                ["trusted_image_certificates": ["c"]],
                "Image signature certificate validation is not available in this cloud."
            ),
            (
                [
                    "imageRef": "",
                    "block_device_mapping_v2": [
                        ["source_type": "volume", "destination_type": "volume", "boot_index": 0, "uuid": "v"]
                    ],
                ], "Block Device Mapping is Invalid: this cloud has no volume service; name an image."
            ),
        ] as [([String: JSONValue], String)])
    func refusals(_ more: [String: JSONValue], _ message: String) async throws {
        try await CloudAPI.with { api in
            let reply = try await api.send("POST", "/servers", CloudAPI.wanted(more))
            #expect(reply.status == 400)
            #expect(reply.message == message)
        }
    }

    @Test func anImageMappingStandsForTheImage() async throws {
        try await CloudAPI.with { api in
            let mapping: JSONValue = [
                "source_type": "image", "destination_type": "local", "boot_index": 0,
                "uuid": .string(CloudAPI.image.description),
            ]
            let body = CloudAPI.wanted(["imageRef": "", "block_device_mapping_v2": [mapping]])
            #expect(try await api.send("POST", "/servers", body).status == 202)
            let swap: JSONValue = [
                "source_type": "blank", "destination_type": "local", "guest_format": "swap", "volume_size": 1,
            ]
            let tooLarge = try await api.send(
                "POST", "/servers", CloudAPI.wanted(["block_device_mapping_v2": [swap]]))
            #expect(tooLarge.message == "Swap drive requested is larger than instance type allows.")
        }
    }

    @Test func hardwareThatCannotBeIsRefusedAtOnce() async throws {
        try await CloudAPI.with { api in
            // Before 2.86 nobody looks at the values of extra specs when they are set.
            let specs: JSONValue = ["extra_specs": ["hw:watchdog_action": "explode", "hw:numa_nodes": "many"]]
            let path = "/flavors/1/os-extra_specs"
            #expect(try await api.send("POST", path, specs, as: "admin", version: "2.1").status == 200)
            let reply = try await api.send("POST", "/servers", CloudAPI.wanted())
            #expect(reply.status == 400)
            #expect(reply.message.contains("hw:watchdog_action: 'explode'") && reply.message.contains("hw:numa_nodes"))
            #expect(try await api.send("POST", path, specs, as: "admin").status == 400)
            let good: JSONValue = ["extra_specs": ["hw:watchdog_action": "reset", "hw:numa_nodes": "1"]]
            #expect(try await api.send("POST", path, good, as: "admin").status == 200)
            #expect(try await api.send("POST", "/servers", CloudAPI.wanted()).status == 202)
        }
    }

    @Test func whatATPMKeepsIsNotLostByMoving() {
        var server = ServerRecord()
        for action in ServerAction.allCases { #expect(throws: Never.self) { try action.checkTPM(server) } }
        server.flavor.extraSpecs["hw:tpm_version"] = "2.0"
        for action in [ServerAction.resize, .migrate, .liveMigrate, .evacuate, .shelve] {
            #expect(throws: NovaError.self) { try action.checkTPM(server) }
        }
        for action in [ServerAction.rebootHard, .rebuild, .stop, .delete] {
            #expect(throws: Never.self) { try action.checkTPM(server) }
        }
        server.flavor.extraSpecs = [:]
        server.imageProperties = ServerImageProperties(["hw_tpm_version": "1.2"])
        #expect(throws: NovaError.self) { try ServerAction.evacuate.checkTPM(server) }
    }

    @Test func onlyAdministratorsNameHosts() async throws {
        try await CloudAPI.with { api in
            try await api.host("h1")
            #expect(try await api.send("POST", "/servers", CloudAPI.wanted(["host": "h1"])).status == 403)
            let zone = CloudAPI.wanted(["availability_zone": "nova:h1"])
            #expect(try await api.send("POST", "/servers", zone).status == 403)
            #expect(try await api.send("POST", "/servers", zone, as: "admin").status == 202)
            let unknown = CloudAPI.wanted(["host": "h9"])
            #expect(try await api.send("POST", "/servers", unknown, as: "admin").status == 400)
            let both = CloudAPI.wanted(["host": "h1", "availability_zone": "nova:h1"])
            #expect(try await api.send("POST", "/servers", both, as: "admin").status == 400)
        }
    }

    @Test func quotasAreSetShownAndForgotten() async throws {
        try await CloudAPI.with { api in
            let path = "/os-quota-sets/\(CloudAPI.project)"
            #expect(try await api.send("PUT", path, ["quota_set": ["cores": 1]]).status == 403)
            let set = try await api.send("PUT", path, ["quota_set": ["cores": 2, "ram": "-1"]], as: "admin")
            #expect(set.body["quota_set"]?["cores"] == 2)
            #expect(set.body["quota_set"]?["id"] == nil)
            #expect(set.body["quota_set"]?["injected_files"] == nil)
            let shown = try await api.send("GET", path, version: "2.1").body["quota_set"]
            #expect(shown?["cores"] == 2)
            #expect(shown?["ram"] == -1)
            #expect(shown?["fixed_ips"] == -1)
            #expect(shown?["injected_files"] == 5)
            _ = try await api.server()
            _ = try await api.server()
            let detail = try await api.send("GET", path + "/detail").body["quota_set"]
            #expect(detail?["cores"] == ["limit": 2, "in_use": 2, "reserved": 0])
            let more = try await api.send("POST", "/servers", CloudAPI.wanted())
            #expect(more.message == "Quota exceeded for cores: Requested 1, but already used 2 of 2 cores")
            let low = try await api.send("PUT", path, ["quota_set": ["cores": 1]], as: "admin")
            #expect(low.status == 400)
            let forced: JSONValue = ["quota_set": ["cores": 1, "force": true]]
            #expect(try await api.send("PUT", path, forced, as: "admin").status == 200)
            #expect(try await api.send("GET", path, as: "other").status == 403)
            #expect(try await api.send("GET", "/limits").body["limits"]?["absolute"]?["maxTotalCores"] == 1)
            #expect(try await api.send("DELETE", path, as: "admin").status == 202)
            #expect(try await api.send("GET", path).body["quota_set"]?["cores"] == 20)
            let defaults: JSONValue = ["quota_class_set": ["cores": 30]]
            #expect(try await api.send("PUT", "/os-quota-class-sets/default", defaults, as: "admin").status == 200)
            #expect(try await api.send("GET", path + "/defaults").body["quota_set"]?["cores"] == 30)
            #expect(try await api.send("GET", path).body["quota_set"]?["cores"] == 30)
        }
    }

    @Test func usersHaveLimitsWithinTheProject() async throws {
        try await CloudAPI.with { api in
            let path = "/os-quota-sets/\(CloudAPI.project)?user_id=member"
            let tooMany = try await api.send("PUT", path, ["quota_set": ["instances": 99]], as: "admin")
            #expect(tooMany.status == 400)
            #expect(try await api.send("PUT", path, ["quota_set": ["instances": 1]], as: "admin").status == 200)
            #expect(try await api.send("POST", "/servers", CloudAPI.wanted()).status == 202)
            #expect(try await api.send("POST", "/servers", CloudAPI.wanted()).status == 403)
            #expect(try await api.send("POST", "/servers", CloudAPI.wanted(), as: "admin").status == 202)
        }
    }
}
