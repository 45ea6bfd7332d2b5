import NovaCore
import NovaDatabase
import NovaModel
import NovaSchema
import NovaStore
import Testing

@Suite("Metadata, tags, locks", .timeLimit(.minutes(1)))
struct ServerPartsTests {
    @Test func metadataIsAddedReplacedAndRemoved() async throws {
        try await CloudAPI.with(["quota.metadata_items=2"]) { api in
            let id = try await api.server { $0.metadata = ["a": "1"] }
            let path = "/servers/\(id)/metadata"
            let added = try await api.send("POST", path, ["metadata": ["b": "2"]])
            #expect(added.status == 200)
            #expect(added.body == ["metadata": ["a": "1", "b": "2"]])
            let tooMany = try await api.send("POST", path, ["metadata": ["c": "3"]])
            #expect(tooMany.status == 403)
            #expect(try await api.send("GET", path).body == ["metadata": ["a": "1", "b": "2"]])
            #expect(try await api.send("PUT", path, ["metadata": ["z": "9"]]).body == ["metadata": ["z": "9"]])
            #expect(try await api.send("PUT", path + "/z", ["meta": ["z": "8"]]).body == ["meta": ["z": "8"]])
            #expect(
                try await api.send("PUT", path + "/y", ["meta": ["z": "8"]]).message == "Request body and URI mismatch")
            #expect(try await api.send("GET", path + "/z").body == ["meta": ["z": "8"]])
            #expect(try await api.send("GET", path + "/nix").message == "Metadata item was not found")
            #expect(try await api.send("DELETE", path + "/z").status == 204)
            #expect(try await api.send("DELETE", path + "/z").status == 404)
            #expect(try await api.send("POST", path, ["metadata": ["a/b": "1"]]).status == 400)
            #expect(try await api.send("GET", path, as: "other").status == 404)
            #expect(try await api.send("PUT", path, ["metadata": [:]], as: "reader").status == 403)
        }
    }

    @Test func metadataNeedsAFittingStateAndNoLock() async throws {
        try await CloudAPI.with { api in
            let broken = try await api.server { $0.vmState = .error }
            let refused = try await api.send("POST", "/servers/\(broken)/metadata", ["metadata": ["a": "1"]])
            #expect(refused.status == 409)
            #expect(refused.message == "Cannot 'update_metadata' instance \(broken) while it is in vm_state error")
            let locked = try await api.server { $0.isLocked = true }
            let path = "/servers/\(locked)/metadata"
            #expect(
                try await api.send("POST", path, ["metadata": ["a": "1"]]).message == "Instance \(locked) is locked")
            #expect(try await api.send("POST", path, ["metadata": ["a": "1"]], as: "admin").status == 200)
        }
    }

    @Test func tagsExistFrom26On() async throws {
        try await CloudAPI.with { api in
            let path = "/servers/\(try await api.server())/tags"
            #expect(try await api.send("GET", path, version: "2.25").status == 404)
            let new = try await api.send("PUT", path + "/blue", version: "2.26")
            #expect(new.status == 201)
            #expect(new.location?.hasSuffix(path + "/blue") == true)
            #expect(try await api.send("PUT", path + "/blue").status == 204)
            #expect(try await api.send("GET", path + "/blue").status == 204)
            #expect(try await api.send("GET", path + "/red").status == 404)
            #expect(try await api.send("PUT", path + "/a,b").status == 400)
            #expect(try await api.send("PUT", path, ["tags": ["x", "y", "x"]]).body == ["tags": ["x", "y"]])
            let many = (0...50).map { JSONValue.string("t\($0)") }
            #expect(try await api.send("PUT", path, ["tags": .array(many)]).status == 400)
            #expect(try await api.send("DELETE", path + "/x").status == 204)
            #expect(try await api.send("DELETE", path + "/x").status == 404)
            #expect(try await api.send("GET", path).body == ["tags": ["y"]])
            #expect(try await api.send("DELETE", path).status == 204)
            #expect(try await api.send("GET", path).body == ["tags": []])
        }
    }

    @Test func locksTellWhoAndWhy() async throws {
        try await CloudAPI.with { api in
            let id = try await api.server()
            let path = "/servers/\(id)/action"
            let reason: JSONValue = ["lock": ["locked_reason": "busy"]]
            #expect(try await api.send("POST", path, reason, version: "2.72").status == 202)
            #expect(try await api.send("POST", path, ["lock": ["nix": 1]]).status == 400)
            let shown = try await api.send("GET", "/servers/\(id)").body["server"]
            #expect(shown?["locked"] == true)
            #expect(try await api.send("DELETE", "/servers/\(id)").status == 409)
            #expect(try await api.send("POST", path, ["unlock": nil]).status == 202)
            #expect(try await api.send("POST", path, reason, as: "admin").status == 202)
            #expect(try await api.send("GET", "/servers/\(id)").body["server"]?["locked_reason"] == "busy")
            try await api.database.write { connection in
                try ServerTable(connection).change(id) { $0.lockedBy = "admin" }
            }
            #expect(try await api.send("POST", path, ["unlock": nil]).status == 403)
            #expect(try await api.send("POST", path, ["unlock": nil], as: "admin").status == 202)
            #expect(try await api.send("GET", "/servers/\(id)", version: "2.8").body["server"]?["locked"] == nil)
        }
    }

    @Test func administratorsSetStates() async throws {
        try await CloudAPI.with { api in
            let id = try await api.server { $0.taskState = .rebooting }
            let path = "/servers/\(id)/action"
            #expect(try await api.send("POST", path, ["os-resetState": ["state": "error"]]).status == 403)
            #expect(try await api.send("POST", path, ["os-resetState": ["state": "error"]], as: "admin").status == 202)
            let shown = try await api.send("GET", "/servers/\(id)").body["server"]
            #expect(shown?["status"] == "ERROR")
            #expect(shown?["OS-EXT-STS:task_state"] == .null)
            #expect(try await api.send("POST", path, ["os-resetState": ["state": "lost"]], as: "admin").status == 400)
        }
    }

    @Test func locksAndStatesThatWereSetStandAmongTheActions() async throws {
        try await CloudAPI.with { api in
            let id = try await api.server()
            let path = "/servers/\(id)/action"
            #expect(try await api.send("POST", path, ["lock": nil]).status == 202)
            #expect(try await api.send("POST", path, ["lock": nil]).status == 202)
            #expect(try await api.send("POST", path, ["unlock": nil]).status == 202)
            #expect(try await api.send("POST", path, ["os-resetState": ["state": "error"]], as: "admin").status == 202)
            let listed = try await api.send("GET", "/servers/\(id)/os-instance-actions").body["instanceActions"]
            // A lock on what is locked already changes nothing.
            #expect(listed?.arrayValue?.map { $0["action"] } == ["resetState", "unlock", "lock"])
            #expect(listed?.arrayValue?.map { $0["user_id"] } == ["admin", "member", "member"])
            #expect(listed?.arrayValue?.allSatisfy { $0["message"] == .null } == true)
            let request = try #require(listed?[2]?["request_id"]?.stringValue)
            let lock = try await api.send("GET", "/servers/\(id)/os-instance-actions/\(request)").body["instanceAction"]
            #expect(lock?["events"]?.arrayValue?.count == 1)
            #expect(lock?["events"]?[0]?["event"] == "api_lock")
            #expect(lock?["events"]?[0]?["result"] == "Success")
            #expect(lock?["events"]?[0]?["finish_time"]?.stringValue != nil)
            let history = try await api.database.read { try ServerChangeTable($0).list(of: id, limit: 10) }
            #expect(history.map(\.what) == ["resetState", "unlock", "lock"])
            #expect(history.first?.before?.vmState == .active)
            #expect(history.first?.after?.vmState == .error)
            let open = try await api.database.read { try WorkflowTable($0).takeable(limit: 10, owedLimit: 10) }
            #expect(open.isEmpty)
        }
    }

    @Test func updatesAnswerLessBefore75() async throws {
        try await CloudAPI.with { api in
            let id = try await api.server()
            let change: JSONValue = ["server": ["name": "two", "accessIPv4": "10.0.0.9"]]
            let old = try await api.send("PUT", "/servers/\(id)", change, version: "2.74")
            #expect(old.body["server"]?["name"] == "two")
            #expect(old.body["server"]?["accessIPv4"] == "10.0.0.9")
            #expect(old.body["server"]?["OS-EXT-STS:vm_state"] == nil)
            let new = try await api.send("PUT", "/servers/\(id)", ["server": ["OS-DCF:diskConfig": "AUTO"]])
            #expect(new.body["server"]?["OS-EXT-STS:vm_state"] == "active")
            #expect(new.body["server"]?["OS-DCF:diskConfig"] == "AUTO")
            #expect(try await api.send("PUT", "/servers/\(id)", ["server": ["accessIPv4": "10.0.0.256"]]).status == 400)
        }
    }

    @Test func theLegacyAPIHasNoMicroversions() async throws {
        try await CloudAPI.with { api in
            let id = try await api.server { $0.tags = ["x"] }
            let old = try await api.legacy("/servers/\(id)")
            #expect(old["server"]?["name"] == "one")
            #expect(old["server"]?["tags"] == nil)
            #expect(old["server"]?["links"]?[0]?["href"]?.stringValue?.contains("/v2/servers/") == true)
            #expect(try await api.legacy("")["version"]?["id"] == "v2.0")
        }
    }

    @Test func removedAPIsAreGone() async throws {
        try await CloudAPI.with { api in
            #expect(try await api.send("GET", "/os-cells").status == 410)
            #expect(try await api.send("POST", "/os-networks", ["network": [:]]).status == 410)
            let id = try await api.server()
            #expect(try await api.send("POST", "/servers/\(id)/action", ["resetNetwork": nil]).status == 410)
        }
    }
}
