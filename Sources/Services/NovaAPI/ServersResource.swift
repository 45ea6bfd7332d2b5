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
                return try await parts.database.scan { connection in
                    try Self.list(filter, ServerView(request), connection) { $0.brief($1, to: &$2) }
                }
            },
            Operation(
                .get, "/servers/detail", name: "os_compute_api:servers:detail", query: ServerSchemas.list,
                policy: Rules.reader, summary: "Lists servers with details."
            ) { request in
                let filter = try ServerQuery.filter(request, maximum: parts.maxLimit)
                return try await parts.scanWithFacts(request) { connection, facts in
                    try Self.list(filter, ServerView(request, facts), connection) { $0.full($1, .list, to: &$2) }
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

    /// Writes each server as it is read, without a list of them in between.
    private static func list(
        _ filter: ServerFilter, _ view: ServerView, _ connection: Connection,
        _ write: (ServerView, ServerRecord, inout JSONWriter) -> Void
    ) throws -> APIResponse {
        try .written(200) { writer in
            try writer.object { writer in
                var count: Int64 = 0
                var last = ServerID.none
                try writer.field(
                    "servers",
                    array: { writer in
                        try ServerTable(connection).forEach(filter) { server in
                            write(view, server, &writer)
                            count += 1
                            last = server.id
                        }
                    })
                let isFull = count > 0 && count == filter.limit
                view.links.writeNext("servers", view.request, marker: isFull ? last.description : nil, to: &writer)
            }
        }
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        try await parts.withFacts(request, about: request.parameters["id"]) { connection, facts in
            Self.answer(try parts.visibleServer(request, connection), .show, ServerView(request, facts))
        }
    }

    private static func answer(_ server: ServerRecord, _ place: ServerView.Place, _ view: ServerView) -> APIResponse {
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
        return try await parts.withFacts(request) { Self.answer(changed, .change, ServerView(request, $1)) }
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
