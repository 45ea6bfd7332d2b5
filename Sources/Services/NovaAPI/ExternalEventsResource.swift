import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/os-server-external-events`: what other services say of servers' ports and volumes (`spec/compute-api.md`).
struct ExternalEventsResource: Sendable {
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .post, "/os-server-external-events", name: "os_compute_api:os-server-external-events:create",
                body: Self.body, policy: Rules.service, summary: "Takes events of other services.", create)
        ]
    }

    private static let body: [BodySchema] = {
        var names: [JSONValue] = [
            "network-changed", "network-vif-plugged", "network-vif-unplugged", "network-vif-deleted",
        ]
        func body(since minor: Int, adding name: JSONValue?) -> BodySchema {
            if let name { names.append(name) }
            let event = JSONSchema.object(
                properties: [
                    "name": .enumeration(names), "server_uuid": .uuid,
                    "status": .enumeration(["failed", "completed", "in-progress"]), "tag": .string(min: 0, max: 255),
                ], required: ["server_uuid", "name"], additional: false)
            return BodySchema(since: .v(minor), .wrapped("events", .array(event, min: 1)))
        }
        return [
            body(since: 1, adding: nil), body(since: 51, adding: "volume-extended"),
            body(since: 76, adding: "power-update"), body(since: 82, adding: "accelerator-request-bound"),
            body(since: 93, adding: "volume-reimaged"),
        ]
    }()
    private static let needTags: Set<String> = ["volume-extended", "power-update", "accelerator-request-bound"]

    private struct Event {
        var name: String
        var server: String
        var status: String
        var tag: String?
        var code: Int
    }

    /// Conductors and hosts learn of ports and volumes by their own calls: an event is checked and answered.
    private func create(_ request: APIRequest) async throws -> APIResponse {
        let bodies = request.body["events"]?.arrayValue ?? []
        let ids = Set(bodies.compactMap { $0["server_uuid"]?.stringValue }.compactMap { ServerID($0) })
        let hosts = try await parts.database.read { connection in
            var hosts: [ServerID: String?] = [:]
            for id in ids { if let server = try ServerTable(connection).find(id) { hosts[id] = server.host } }
            return hosts
        }
        let events = bodies.map { body in
            var event = Event(
                name: body["name"]?.stringValue ?? "", server: body["server_uuid"]?.stringValue ?? "",
                status: body["status"]?.stringValue ?? "completed", tag: body["tag"]?.stringValue, code: 200)
            if let known = ServerID(event.server).flatMap({ hosts[$0] }) {
                if known == nil { event.code = 422 }
                if Self.needTags.contains(event.name), event.tag == nil { event.code = 400 }
            } else {
                event.code = 404
            }
            if event.code != 200 { event.status = "failed" }
            return event
        }
        return answer(events, status: events.allSatisfy { $0.code == 200 } ? 200 : 207)
    }

    private func answer(_ events: [Event], status: Int) -> APIResponse {
        .written(status) { writer in
            writer.object { writer in
                writer.field(
                    "events",
                    array: { writer in
                        for event in events {
                            writer.object { writer in
                                writer.field("name", event.name)
                                writer.field("server_uuid", event.server)
                                writer.field("status", event.status)
                                if let tag = event.tag { writer.field("tag", tag) }
                                writer.field("code", event.code)
                            }
                        }
                    })
            }
        }
    }
}
