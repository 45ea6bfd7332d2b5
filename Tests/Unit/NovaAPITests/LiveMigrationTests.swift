import NovaCore
import NovaDatabase
import NovaModel
import NovaSchema
import NovaStore
import NovaWire
import Testing

@Suite("Live migration", .timeLimit(.minutes(1)))
struct LiveMigrationTests {
    private func act(
        _ api: CloudAPI, _ id: ServerID, _ body: JSONValue, as token: String = "admin", version: String = "2.104"
    ) async throws -> CloudAPI.Reply {
        try await api.send("POST", "/servers/\(id)/action", ["os-migrateLive": body], as: token, version: version)
    }

    private func migration(_ api: CloudAPI, of id: ServerID) async throws -> MigrationRecord? {
        var filter = MigrationTable.Filter()
        filter.server = id
        return try await api.database.read { [filter] in try MigrationTable($0).list(filter) }.first
    }

    private func state(_ api: CloudAPI, of id: ServerID) async throws -> LiveMigrationState {
        let found = try await api.database.read { try WorkflowTable($0).list(server: id, openOnly: true, limit: 9) }
        return try LiveMigrationState(decoding: try #require(found.first).data.bytes)
    }

    @Test func bodiesFollowTheMicroversion() async throws {
        try await CloudAPI.with { api in
            for host in ["h1", "h2"] { try await api.host(host) }
            let id = try await api.server { $0.host = "h1" }
            let wrong: [(String, JSONValue)] = [
                ("2.1", ["block_migration": true, "host": nil]),
                ("2.1", ["block_migration": "auto", "disk_over_commit": false, "host": nil]),
                ("2.25", ["block_migration": "auto", "disk_over_commit": false, "host": nil]),
                ("2.25", ["block_migration": "auto"]), ("2.25", ["block_migration": "maybe", "host": nil]),
                ("2.25", ["block_migration": "auto", "host": nil, "force": true]),
                ("2.30", ["block_migration": "auto", "host": nil, "force": 3]),
                ("2.68", ["block_migration": "auto", "host": "h2", "force": true]),
                ("2.68", ["block_migration": "auto", "host": "a b"]),
            ]
            for (version, body) in wrong {
                #expect(try await act(api, id, body, version: version).status == 400, "\(version) \(body)")
            }
            let right: [(String, JSONValue, String?, String?, Bool)] = [
                ("2.1", ["block_migration": true, "disk_over_commit": false, "host": "h2"], nil, "h2", false),
                ("2.25", ["block_migration": "auto", "host": "h2"], nil, "h2", true),
                ("2.30", ["block_migration": "True", "host": "h2"], "h2", nil, true),
                ("2.30", ["block_migration": "auto", "host": "h2", "force": true], nil, "h2", true),
                ("2.68", ["block_migration": "auto", "host": nil], nil, nil, true),
                ("2.104", ["block_migration": "auto", "host": "h2"], "h2", nil, true),
            ]
            for (version, body, requested, forced, overcommits) in right {
                let id = try await api.server { $0.host = "h1" }
                #expect(try await act(api, id, body, version: version).status == 202, "\(version) \(body)")
                let state = try await state(api, of: id)
                #expect(state.move.requestedHost == requested && state.move.forcedHost == forced, "\(version) \(body)")
                #expect(state.allowsOvercommit == overcommits && state.move.move.source.host == "h1")
            }
        }
    }

    @Test func whoMayAndWhere() async throws {
        try await CloudAPI.with { api in
            for host in ["h1", "h2"] { try await api.host(host) }
            let id = try await api.server { $0.host = "h1" }
            func to(_ host: JSONValue) -> JSONValue { ["block_migration": "auto", "host": host] }
            #expect(try await act(api, id, to(nil), as: "member").status == 403)
            #expect(
                try await act(api, id, to("h1")).message == "Unable to migrate instance (\(id)) to current host (h1).")
            #expect(try await act(api, id, to("h9")).message == "Compute host h9 could not be found.")
            let forced = try await act(
                api, id, ["block_migration": "auto", "host": nil, "force": true], version: "2.30")
            #expect(forced.status == 400 && forced.message == "Can't force to a non-provided destination")
            let shared = try await act(api, id, ["block_migration": false, "host": nil])
            #expect(shared.status == 400 && shared.message.hasPrefix("h1 is not on shared storage"))
            #expect(try await act(api, id, to("h2")).status == 202)
            let row = try #require(try await api.database.read { try ServerTable($0).find(id) })
            #expect(row.taskState == .migrating)
            #expect(try await api.send("GET", "/servers/\(id)").body["server"]?["status"] == "MIGRATING")
            let move = try #require(try await migration(api, of: id))
            #expect(move.type == "live-migration" && move.status == "accepted" && move.sourceHost == "h1")
            let again = try await act(api, id, to("h2"))
            #expect(again.status == 409)
            #expect(
                again.message == "Cannot 'os-migrateLive' instance \(id) while it is in task_state migrating")
            let stopped = try await api.server {
                $0.host = "h1"
                $0.vmState = .stopped
            }
            #expect(try await act(api, stopped, to(nil)).status == 409)
        }
    }

    /// A server with a live migration of a status.
    private func moving(_ api: CloudAPI, _ status: String, type: String = "live-migration") async throws -> (
        ServerID, Int64
    ) {
        let id = try await api.server {
            $0.host = "h1"
            $0.taskState = .migrating
        }
        let number = try await api.database.write { connection in
            var migration = MigrationRecord()
            migration.id = .random()
            migration.serverID = id
            migration.type = type
            migration.status = status
            migration.createdAt = .now()
            migration.figures = MigrationFigures()
            migration.figures?.memoryTotal = 1000
            migration.figures?.memoryRemaining = 400
            try MigrationTable(connection).insert(&migration)
            return migration.sequence
        }
        return (id, number)
    }

    @Test func aMigrationUnderWayIsShownWithItsFigures() async throws {
        try await CloudAPI.with { api in
            let (id, number) = try await moving(api, "running")
            let path = "/servers/\(id)/migrations"
            let shown = try await api.send("GET", "\(path)/\(number)", as: "admin").body["migration"]
            #expect(shown?["memory_total_bytes"] == 1000 && shown?["memory_remaining_bytes"] == 400)
            #expect(shown?["memory_processed_bytes"] == .null && shown?["disk_total_bytes"] == .null)
            #expect(try await api.send("GET", path, as: "admin").body["migrations"]?[0]?["id"] == .integer(number))
            let (done, last) = try await moving(api, "completed")
            let gone = try await api.send("GET", "/servers/\(done)/migrations/\(last)", as: "admin")
            #expect(gone.status == 404)
            #expect(gone.message == "Live migration \(last) for server \(done) is not in progress.")
            let (cold, other) = try await moving(api, "migrating", type: "migration")
            #expect(
                try await api.send("GET", "/servers/\(cold)/migrations/\(other)", as: "admin").message
                    == "Migration \(other) for server \(cold) is not live-migration.")
            #expect(
                try await api.send("GET", "\(path)/\(last)", as: "admin").message
                    == "Migration \(last) not found for instance \(id)")
        }
    }

    @Test func abortsInTheStatesOfItsMicroversion() async throws {
        try await CloudAPI.with { api in
            func abort(_ id: ServerID, _ number: Int64, _ version: String) async throws -> CloudAPI.Reply {
                try await api.send(
                    "DELETE", "/servers/\(id)/migrations/\(number)", as: "admin", version: version)
            }
            let (waiting, first) = try await moving(api, "queued")
            #expect(try await abort(waiting, first, "2.23").status == 404)
            let early = try await abort(waiting, first, "2.64")
            #expect(early.status == 400)
            #expect(
                early.message
                    == "Migration \(first) state of instance \(waiting) is queued. Cannot abort live migration "
                    + "while the migration is in this state.")
            #expect(try await abort(waiting, first, "2.65").status == 202)
            #expect(try await migration(api, of: waiting)?.wish == .abort)
            let (running, second) = try await moving(api, "running")
            #expect(try await abort(running, first, "2.104").status == 404)
            #expect(try await abort(running, second, "2.24").status == 202)
            let actions = try await api.send("GET", "/servers/\(running)/os-instance-actions", as: "admin")
            #expect(actions.body["instanceActions"]?[0]?["action"] == "live_migration_cancel")
            let rest = try await api.server { $0.host = "h1" }
            let refused = try await abort(rest, second, "2.104")
            #expect(refused.status == 409)
            #expect(
                refused.message == "Cannot 'abort live migration' instance \(rest) while it is in task_state None")
        }
    }

    @Test func isForcedToItsEndWhileItRuns() async throws {
        try await CloudAPI.with { api in
            func force(_ id: ServerID, _ number: Int64, _ body: JSONValue = ["force_complete": nil]) async throws
                -> CloudAPI.Reply
            {
                try await api.send("POST", "/servers/\(id)/migrations/\(number)/action", body, as: "admin")
            }
            let (preparing, first) = try await moving(api, "preparing")
            #expect(try await force(preparing, first).status == 400)
            let (running, second) = try await moving(api, "running")
            #expect(try await force(running, second, ["force_complete": [:]]).status == 400)
            #expect(try await force(running, first).status == 400)
            #expect(try await force(running, second).status == 202)
            #expect(try await migration(api, of: running)?.wish == .forceComplete)
            let actions = try await api.send("GET", "/servers/\(running)/os-instance-actions", as: "admin")
            #expect(actions.body["instanceActions"]?[0]?["action"] == "live_migration_force_complete")
            let rest = try await api.server { $0.host = "h1" }
            #expect(try await force(rest, second).status == 409)
        }
    }
}
