import NovaCore
import NovaDatabase
import NovaModel
import NovaSchema
import NovaStore
import Testing

@Suite("Resize, migrate, evacuate, shelve", .timeLimit(.minutes(1)))
struct MoveTests {
    private func act(
        _ api: CloudAPI, _ id: ServerID, _ body: JSONValue, as token: String = "member", version: String = "2.104"
    ) async throws -> CloudAPI.Reply {
        try await api.send("POST", "/servers/\(id)/action", body, as: token, version: version)
    }

    private func moves(_ api: CloudAPI, of id: ServerID) async throws -> [MigrationRecord] {
        var filter = MigrationTable.Filter()
        filter.server = id
        return try await api.database.read { [filter] in try MigrationTable($0).list(filter) }
    }

    private func kinds(_ api: CloudAPI, of id: ServerID) async throws -> [String] {
        try await api.database.read { try WorkflowTable($0).list(server: id, openOnly: false, limit: 9) }
            .map { "\($0.kind) \($0.action)" }
    }

    @Test func resizeChecksFlavorQuotaAndState() async throws {
        try await CloudAPI.with(["quota.cores=2", "quota.ram=4096"]) { api in
            try await api.host("h1")
            let id = try await api.server {
                $0.host = "h1"
                $0.flavor.rootGB = 1
                $0.flavor.sequence = 1
            }
            func resize(_ flavor: JSONValue) -> JSONValue { ["resize": ["flavorRef": flavor]] }
            let same = try await act(api, id, resize("1"))
            #expect(same.status == 400 && same.message == "When resizing, instances must change flavor!")
            #expect(try await act(api, id, resize("nix")).message == "Flavor nix could not be found.")
            #expect(try await act(api, id, ["resize": ["flavorRef": "2", "x": 1]]).status == 400)
            let large = try await act(api, id, resize("4"))
            #expect(large.status == 403)
            #expect(
                large.message
                    == "Quota exceeded for cores, ram: Requested 3, 7680, but already used 1, 512 of 2, 4096 cores, ram"
            )
            #expect(try await act(api, id, resize("2"), as: "reader").status == 403)
            #expect(try await act(api, id, resize("2")).status == 202)
            let row = try #require(try await api.database.read { try ServerTable($0).find(id) })
            #expect(row.taskState == .resizePrep && row.flavor.id == "1")
            #expect(try await kinds(api, of: id) == ["resize resize"])
            let move = try #require(try await moves(api, of: id).first)
            #expect(move.type == "resize" && move.status == "pre-migrating" && move.sourceHost == "h1")
            #expect((move.oldFlavor, move.newFlavor) == (1, 2))
            #expect(try await act(api, id, resize("3")).status == 409)
            #expect(try await act(api, id, ["confirmResize": nil]).status == 409)
        }
    }

    @Test func disksDoNotShrink() async throws {
        try await CloudAPI.with { api in
            try await api.host("h1")
            let id = try await api.server {
                $0.host = "h1"
                $0.flavor.id = "big"
                $0.flavor.rootGB = 50
            }
            #expect(try await act(api, id, ["resize": ["flavorRef": "2"]]).status == 400)
            try await api.database.write { connection in
                var flavor = Flavor()
                (flavor.id, flavor.name, flavor.vcpus, flavor.memoryMB) = ("zero", "zero", 1, 64)
                try FlavorTable(connection).insert(&flavor)
            }
            let zero = try await act(api, id, ["resize": ["flavorRef": "zero"]])
            #expect(zero.message.hasSuffix("Resize to zero disk flavor is not allowed."))
        }
    }

    @Test func moveIsConfirmedOrRevertedOnce() async throws {
        try await CloudAPI.with { api in
            let id = try await resized(api)
            #expect(try await act(api, id, ["confirmResize": nil]).status == 204)
            #expect(try await moves(api, of: id).map(\.status) == ["confirming"])
            let again = try await act(api, id, ["confirmResize": nil])
            #expect(again.status == 400 && again.message == "Instance has not been resized.")
            #expect(try await act(api, id, ["revertResize": nil]).status == 400)
            let other = try await resized(api)
            #expect(try await act(api, other, ["revertResize": nil]).status == 202)
            #expect(try await kinds(api, of: other) == ["revertResize revertResize"])
            #expect(try await moves(api, of: other).map(\.status) == ["reverting"])
            let shown = try await api.send("GET", "/servers/\(other)").body["server"]
            #expect(shown?["status"] == "REVERT_RESIZE")
        }
    }

    private func resized(_ api: CloudAPI) async throws -> ServerID {
        let id = try await api.server {
            $0.host = "h2"
            $0.vmState = .resized
        }
        try await api.database.write { connection in
            var migration = MigrationRecord()
            migration.id = .random()
            migration.serverID = id
            migration.type = "resize"
            migration.status = "finished"
            migration.createdAt = .now()
            migration.move = ServerMove()
            migration.move?.source.host = "h1"
            try MigrationTable(connection).insert(&migration)
        }
        return id
    }

    @Test func migrationToAHostIsForAdministratorsFrom256On() async throws {
        try await CloudAPI.with { api in
            for host in ["h1", "h2"] { try await api.host(host) }
            let id = try await api.server { $0.host = "h1" }
            func migrate(_ host: String) -> JSONValue { ["migrate": ["host": .string(host)]] }
            #expect(try await act(api, id, ["migrate": nil]).status == 403)
            let here = try await act(api, id, migrate("h1"), as: "admin")
            #expect(here.message == "Cannot migrate to the host where the server exists.")
            #expect(
                try await act(api, id, migrate("h9"), as: "admin").message == "Compute host h9 could not be found.")
            #expect(try await act(api, id, ["migrate": ["x": 1]], as: "admin").status == 400)
            #expect(try await act(api, id, migrate("h2"), as: "admin").status == 202)
            #expect(try await kinds(api, of: id) == ["resize migrate"])
            #expect(try await moves(api, of: id).first?.type == "migration")
            let listed = try await api.send("GET", "/os-migrations", as: "admin").body["migrations"]?[0]
            #expect(listed?["migration_type"] == "migration" && listed?["source_compute"] == "h1")
        }
    }

    @Test func onlyADeclaredDeadHostIsEvacuated() async throws {
        try await CloudAPI.with { api in
            for host in ["h1", "h2"] { try await api.host(host) }
            let id = try await api.server { $0.host = "h1" }
            #expect(try await act(api, id, ["evacuate": [:]]).status == 403)
            let refused = try await act(api, id, ["evacuate": [:]], as: "admin")
            #expect(refused.status == 400)
            #expect(refused.message.hasPrefix("Compute service of h1 is still in use."))
            #expect(refused.message.hasSuffix("openstack compute service set --down h1 nova-compute"))
            try await api.database.write { connection in
                var service = try #require(
                    try HostTable(connection).service(binary: "nova-compute", host: "h1"))
                service.isForcedDown = true
                try HostTable(connection).update(service)
            }
            #expect(
                try await act(api, id, ["evacuate": ["host": "h1"]], as: "admin").message
                    == "The target host can't be the same one.")
            #expect(
                try await act(api, id, ["evacuate": ["force": true]], as: "admin", version: "2.29").message
                    == "Can't force to a non-provided destination")
            #expect(try await act(api, id, ["evacuate": ["force": true]], as: "admin").status == 400)
            let old = try await act(
                api, id, ["evacuate": ["host": "h2", "onSharedStorage": false, "adminPass": "p"]], as: "admin",
                version: "2.1")
            #expect(old.status == 200 && old.body == ["adminPass": "p"])
            #expect(try await moves(api, of: id).first?.type == "evacuation")
            let path = "/os-services/force-down"
            try await api.database.write { connection in
                let table = MigrationTable(connection)
                for migration in try table.open() { try table.change(migration.id) { $0.status = "done" } }
            }
            let up: JSONValue = ["host": "h1", "binary": "nova-compute", "forced_down": false]
            let early = try await api.send("PUT", path, up, as: "admin", version: "2.52")
            #expect(early.status == 400 && early.message.hasPrefix("Unable to force up host h1"))
        }
    }

    @Test func shelvedServersComeBackWhereTheyMay() async throws {
        try await CloudAPI.with { api in
            try await api.host("h1")
            let id = try await api.server {
                $0.host = "h1"
                $0.imageID = CloudAPI.image
            }
            #expect(try await act(api, id, ["unshelve": nil]).status == 409)
            #expect(try await act(api, id, ["shelve": nil]).status == 202)
            #expect(try await kinds(api, of: id) == ["shelve shelve"])
            #expect(try await act(api, id, ["shelveOffload": nil]).status == 403)
            let away = try await api.server {
                $0.vmState = .shelvedOffloaded
                $0.shelved = ShelvedServer()
            }
            #expect(try await act(api, away, ["unshelve": ["availability_zone": "nix"]]).status == 400)
            #expect(try await act(api, away, ["unshelve": [:]]).status == 400)
            #expect(try await act(api, away, ["unshelve": ["host": "h1"]]).status == 403)
            #expect(try await act(api, away, ["unshelve": ["host": "h9"]], as: "admin").status == 400)
            #expect(
                try await act(api, away, ["unshelve": ["host": "h1", "availability_zone": "nova"]], as: "admin").status
                    == 202)
            let row = try #require(try await api.database.read { try ServerTable($0).find(away) })
            #expect(row.taskState == .unshelving && row.availabilityZone == "nova")
            let here = try await api.server {
                $0.host = "h1"
                $0.vmState = .shelved
                $0.shelved = ShelvedServer()
            }
            #expect(try await act(api, here, ["unshelve": ["availability_zone": "nova"]]).status == 409)
            #expect(try await act(api, here, ["unshelve": nil]).status == 202)
        }
    }
}
