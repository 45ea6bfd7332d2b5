import NovaCore
import NovaDatabase
import NovaModel
import NovaSchema
import NovaStore
import Testing

@Suite("Drains of hosts", .timeLimit(.minutes(1)))
struct HostDrainTests {
    /// A plan with one server that can be moved and one that cannot.
    private func plan(_ api: CloudAPI) async throws -> DrainID {
        try await api.database.write { connection in
            var drain = DrainRecord()
            drain.id = .random()
            drain.host = "h1"
            drain.createdAt = try connection.now()
            var moves: [DrainMove] = []
            for (position, state) in [DrainMove.State.blocked, .waiting].enumerated() {
                var move = DrainMove()
                move.drainID = drain.id
                move.position = Int64(position)
                move.serverID = .random()
                move.serverName = state.rawValue
                move.state = state
                move.source = "h1"
                move.way = state == .waiting ? .live : nil
                move.reason = state == .blocked ? "It is suspended." : ""
                moves.append(move)
            }
            try DrainTable(connection).insert(drain, moves)
            return drain.id
        }
    }

    private func act(_ api: CloudAPI, _ id: DrainID, _ word: String, as token: String = "admin") async throws -> Int {
        try await api.send("POST", "/os-nova-drains/\(id)/action", .object([word: .null]), as: token).status
    }

    @Test func aPlanIsShownStartedAndStopped() async throws {
        try await CloudAPI.with { api in
            try await api.host("h1")
            let id = try await plan(api)
            var shown = try await api.send("GET", "/os-nova-drains/\(id)", as: "admin").body["drain"]
            #expect(shown?["state"]?.stringValue == "planned" && shown?["total"]?.integerValue == 2)
            #expect(shown?["blocked"]?.integerValue == 1 && shown?["started_at"] == .null)
            let moves = shown?["moves"]?.arrayValue ?? []
            #expect(moves.map { $0["state"]?.stringValue } == ["blocked", "waiting"])
            #expect(moves.first?["reason"]?.stringValue == "It is suspended.")
            #expect(try await act(api, id, "stop") == 409)
            #expect(try await act(api, id, "start") == 202)
            #expect(try await act(api, id, "start") == 409)
            let services = try await api.send("GET", "/os-services", as: "admin").body["services"]?.arrayValue ?? []
            #expect(services.first?["disabled_reason"]?.stringValue == "maintenance: draining")
            #expect(try await api.send("DELETE", "/os-nova-drains/\(id)", as: "admin").status == 409)
            // Nobody takes servers for which others are still moved away.
            let undrain: JSONValue = ["undrain": .null]
            #expect(try await api.send("POST", "/os-nova-hosts/h1/action", undrain, as: "admin").status == 409)
            #expect(try await act(api, id, "stop") == 202)
            #expect(try await act(api, id, "stop") == 202)
            shown = try await api.send("GET", "/os-nova-drains?host=h1", as: "admin").body["drains"]?.arrayValue?.first
            #expect(shown?["state"]?.stringValue == "stopping" && shown?["moves"] == nil)
            #expect(shown?["seconds"]?.doubleValue != nil)
        }
    }

    @Test func aHostTakesServersAgain() async throws {
        try await CloudAPI.with { api in
            try await api.host("h1")
            let id = try await plan(api)
            #expect(try await api.send("DELETE", "/os-nova-drains/\(id)", as: "admin").status == 204)
            #expect(try await api.send("GET", "/os-nova-drains/\(id)", as: "admin").status == 404)
            try await api.database.write { try HostTable($0).hold("h1", .drained) }
            let undrain: JSONValue = ["undrain": .null]
            #expect(try await api.send("POST", "/os-nova-hosts/h1/action", undrain, as: "admin").status == 202)
            let services = try await api.send("GET", "/os-services", as: "admin").body["services"]?.arrayValue ?? []
            #expect(services.first?["status"]?.stringValue == "enabled")
            #expect(try await api.send("POST", "/os-nova-hosts/h9/action", undrain, as: "admin").status == 404)
        }
    }

    @Test func aPlanNeedsAHostThatAnswers() async throws {
        try await CloudAPI.with { api in
            try await api.host("h1")
            let body: JSONValue = ["drain": ["host": "h1", "kind": "drain"]]
            let reply = try await api.send("POST", "/os-nova-drains", body, as: "admin")
            #expect(reply.status == 409 && reply.message.contains("novactl host evacuate h1"), "\(reply.message)")
            let wrong: [JSONValue] = [
                ["drain": ["host": "h1"]], ["drain": ["host": "h1", "kind": "burn"]], ["drain": ["kind": "drain"]],
            ]
            for body in wrong {
                #expect(try await api.send("POST", "/os-nova-drains", body, as: "admin").status == 400)
            }
        }
    }

    @Test func onlyAdministratorsMay() async throws {
        try await CloudAPI.with { api in
            try await api.host("h1")
            let id = try await plan(api)
            #expect(try await api.send("GET", "/os-nova-drains", as: "member").status == 403)
            #expect(try await api.send("GET", "/os-nova-drains/\(id)", as: "member").status == 403)
            #expect(try await act(api, id, "start", as: "member") == 403)
            let undrain: JSONValue = ["undrain": .null]
            #expect(try await api.send("POST", "/os-nova-hosts/h1/action", undrain, as: "member").status == 403)
        }
    }
}
