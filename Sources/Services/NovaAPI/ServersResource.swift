import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore
import NovaWire

/// `/servers` (`spec/compute-api.md`).
struct ServersResource: Sendable {
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .post, "/servers", name: "os_compute_api:servers:create", body: ServerSchemas.create,
                policy: Rules.member, success: 202, summary: "Creates servers."
            ) { try await ServerCreation(parts: parts)($0) },
            Operation(
                .get, "/servers", name: "os_compute_api:servers:index", query: ServerSchemas.list,
                policy: Rules.reader, summary: "Lists servers."
            ) { request in
                let filter = try ServerQuery.filter(request, maximum: parts.maxLimit)
                let servers = try await parts.database.read { try ServerTable($0).list(filter) }
                return list(servers, filter, ServerView(request)) { view, server, writer in
                    view.brief(server, to: &writer)
                }
            },
            Operation(
                .get, "/servers/detail", name: "os_compute_api:servers:detail", query: ServerSchemas.list,
                policy: Rules.reader, summary: "Lists servers with details."
            ) { request in
                let filter = try ServerQuery.filter(request, maximum: parts.maxLimit)
                let (servers, facts) = try await parts.withFacts(request) { try ServerTable($0).list(filter) }
                return list(servers, filter, ServerView(request, facts)) { view, server, writer in
                    view.full(server, .list, to: &writer)
                }
            },
            Operation(
                .get, "/servers/{id}", name: "os_compute_api:servers:show", query: Queries.none,
                policy: Rules.reader, summary: "Shows a server.", show),
            Operation(
                .put, "/servers/{id}", name: "os_compute_api:servers:update", body: ServerSchemas.update,
                policy: Rules.member, summary: "Changes a server's name and description.", update),
        ]
    }

    private func list(
        _ servers: [ServerRecord], _ filter: ServerFilter, _ view: ServerView,
        _ write: @escaping (ServerView, ServerRecord, inout JSONWriter) -> Void
    ) -> APIResponse {
        let isFull = filter.limit > 0 && Int64(servers.count) == filter.limit
        return .written(200) { writer in
            writer.object { writer in
                writer.field("servers", array: { writer in for server in servers { write(view, server, &writer) } })
                view.links.writeNext(
                    "servers", view.request, marker: isFull ? servers.last?.id.description : nil, to: &writer)
            }
        }
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let (servers, facts) = try await parts.withFacts(request) { [try parts.visibleServer(request, $0)] }
        return answer(servers[0], .show, ServerView(request, facts))
    }

    private func answer(_ server: ServerRecord, _ place: ServerView.Place, _ view: ServerView) -> APIResponse {
        .written(200) { writer in
            writer.object { writer in
                writer.key("server")
                view.full(server, place, to: &writer)
            }
        }
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let body = request.body["server"] ?? .null
        let server = try await parts.server(request)
        let changed = try await parts.database.write { connection in
            let zones = try AggregateTable(connection).zones()
            return try ServerTable(connection).change(server.id) { server in
                if let name = body["name"]?.stringValue { server.name = name }
                if let text = body["description"] { server.text = text.stringValue }
                if let hostname = body["hostname"]?.stringValue { server.hostname = hostname }
                if let address = body["accessIPv4"]?.stringValue { server.accessIPv4 = address }
                if let address = body["accessIPv6"]?.stringValue { server.accessIPv6 = IPText.canonical(address) }
                if let word = body["OS-DCF:diskConfig"]?.stringValue { server.hasAutoDiskConfig = word == "AUTO" }
                if let zone = body["pinned_availability_zone"] { try Self.pin(zone.stringValue, &server, zones) }
            }
        }
        guard let changed else { throw NovaError(.notFound, "Instance \(server.id) could not be found.") }
        return answer(changed, .change, ServerView(request, try await parts.facts(request, of: [changed])))
    }

    /// Unpins a server from its zone, or pins it to the one where it is (2.104).
    private static func pin(_ zone: String?, _ server: inout ServerRecord, _ zones: ZoneMap) throws {
        if let zone, zone != server.availabilityZone {
            guard server.availabilityZone == nil else {
                throw NovaError(
                    .conflict,
                    "Cannot change pinned availability zone directly. Unpin first by setting "
                        + "pinned_availability_zone to null.")
            }
            let current = server.host.map { zones.zone(of: $0) } ?? ""
            guard zone == current else {
                throw NovaError(
                    .conflict,
                    "Server can only be pinned to its current availability zone '\(current)', but '\(zone)' was "
                        + "requested.")
            }
        }
        server.availabilityZone = zone
    }
}
