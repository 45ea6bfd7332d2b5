import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/os-aggregates` (`spec/compute-api.md`).
struct AggregatesResource: Sendable {
    private static let path = "/os-aggregates"
    private static let item = "/os-aggregates/{id}"
    private static let name = "os_compute_api:os-aggregates:"
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, Self.path, name: Self.name + "index", query: Queries.none, policy: Rules.admin,
                summary: "Lists host aggregates.", list),
            Operation(
                .post, Self.path, name: Self.name + "create", body: Self.body(required: ["name"]), policy: Rules.admin,
                summary: "Makes a host aggregate.", create),
            Operation(
                .get, Self.item, name: Self.name + "show", query: Queries.none, policy: Rules.admin,
                summary: "Shows a host aggregate."
            ) { request in
                let number = try Self.number(request)
                guard let aggregate = try await parts.database.read({ try AggregateTable($0).find(number) }) else {
                    throw Self.missing(number)
                }
                return Self.answer(aggregate, request)
            },
            Operation(
                .put, Self.item, name: Self.name + "update", body: Self.body(required: []), policy: Rules.admin,
                summary: "Changes an aggregate's name or zone.", update),
            Operation(
                .delete, Self.item, name: Self.name + "delete", policy: Rules.admin,
                summary: "Removes an aggregate without hosts.", delete),
            action("add_host", Self.host, "Adds a host to an aggregate.", addHost),
            action("remove_host", Self.host, "Takes a host out of an aggregate.", removeHost),
            action(
                "set_metadata",
                .object(
                    properties: [
                        "metadata": .dictionary(
                            keys: Schemas.metadataKey, values: .nullable(.string(min: 0, max: 255)))
                    ], required: ["metadata"], additional: false), "Sets or removes an aggregate's metadata.",
                setMetadata),
            Operation(
                .post, Self.item + "/images", name: "compute:aggregates:images", since: .v(81),
                body: [
                    BodySchema(
                        .wrapped(
                            "cache",
                            .array(.object(properties: ["id": .uuid], required: ["id"], additional: false), min: 1)))
                ], policy: Rules.admin, success: 202, summary: "Fetches images to an aggregate's hosts.", cacheImages),
        ]
    }

    private static let host = JSONSchema.object(
        properties: ["host": Schemas.hostname], required: ["host"], additional: false)

    private static func body(required: [String]) -> [BodySchema] {
        [
            BodySchema(
                .wrapped(
                    "aggregate",
                    .object(
                        properties: [
                            "name": .name,
                            "availability_zone": .nullable(
                                .string(
                                    min: 1, max: 255,
                                    StringRule(.format("az_name"), pattern: "^(?! )[^:]*(?<! )$") { text in
                                        let scalars = text.unicodeScalars
                                        return !scalars.contains(":") && scalars.first != " " && scalars.last != " "
                                    })),
                        ], required: required, additional: false, min: 1)))
        ]
    }

    private func action(
        _ action: String, _ schema: JSONSchema, _ summary: String, _ handler: @escaping Operation.Handler
    ) -> Operation {
        Operation(
            .post, Self.item + "/action", name: Self.name + action, action: action,
            body: ServerSchemas.action(action, schema), policy: Rules.admin, summary: summary, handler)
    }

    private static func number(_ request: APIRequest) throws -> Int64 {
        let text = try request.parameter("id")
        guard let number = Int64(text) else {
            throw NovaError(.badRequest, "Invalid input received: aggregate id \(text) is no number")
        }
        return number
    }

    private static func missing(_ number: Int64) -> NovaError {
        NovaError(.notFound, "Aggregate \(number) could not be found.")
    }

    // MARK: Answers

    private static func answer(
        _ aggregate: Aggregate, _ request: APIRequest, isFull: Bool = true
    ) -> APIResponse {
        .written(200) { writer in
            writer.object { writer in
                writer.key("aggregate")
                write(aggregate, request, isFull: isFull, to: &writer)
            }
        }
    }

    private static func write(
        _ aggregate: Aggregate, _ request: APIRequest, isFull: Bool, to writer: inout JSONWriter
    ) {
        writer.object { writer in
            writer.field("id", aggregate.sequence)
            if request.atLeast(41) { writer.field("uuid", aggregate.id.description) }
            writer.field("name", aggregate.name)
            writer.field("availability_zone", aggregate.zone)
            if isFull {
                writer.field("hosts", aggregate.hosts)
                writer.field(
                    "metadata",
                    object: { writer in
                        for (key, value) in aggregate.metadata.sorted(by: { $0.key < $1.key }) {
                            writer.field(key, value)
                        }
                    })
            }
            writer.field("created_at", aggregate.createdAt.iso8601Micro)
            writer.field("updated_at", aggregate.updatedAt?.iso8601Micro)
            writer.field("deleted", false)
            writer.null("deleted_at")
        }
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let aggregates = try await parts.database.read { try AggregateTable($0).list() }
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "aggregates",
                    array: { writer in
                        for aggregate in aggregates { Self.write(aggregate, request, isFull: true, to: &writer) }
                    })
            }
        }
    }

    // MARK: Changes

    private func change(
        _ request: APIRequest, _ body: @escaping @Sendable (inout Aggregate, [Aggregate], Connection) throws -> Void
    ) async throws -> APIResponse {
        let number = try Self.number(request)
        let changed = try await parts.database.write { connection in
            try AggregateTable(connection).change(number) { try body(&$0, $1, connection) }
        }
        guard let changed else { throw Self.missing(number) }
        await parts.tellSchedulers(request.context)
        return Self.answer(changed, request)
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let body = request.body["aggregate"] ?? .null
        var wanted = Aggregate()
        wanted.id = .random()
        wanted.name = body["name"]?.stringValue ?? ""
        wanted.metadata[Aggregate.zoneKey] = body["availability_zone"]?.stringValue
        wanted.createdAt = .now()
        let created = try await parts.database.write { [wanted] connection in
            var aggregate = wanted
            let table = AggregateTable(connection)
            try Self.checkName(aggregate.name, try table.list())
            try table.insert(&aggregate)
            return aggregate
        }
        await parts.tellSchedulers(request.context)
        return Self.answer(created, request, isFull: false)
    }

    private static func checkName(_ name: String, _ others: [Aggregate]) throws {
        guard !others.contains(where: { $0.name == name }) else {
            throw NovaError(.conflict, "Aggregate \(name) already exists.")
        }
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let body = request.body["aggregate"] ?? .null
        return try await change(request) { aggregate, others, connection in
            if let name = body["name"]?.stringValue {
                try Self.checkName(name, others)
                aggregate.name = name
            }
            if let zone = body["availability_zone"] {
                try Self.setZone(zone.stringValue, &aggregate, others, connection)
            }
        }
    }

    private func setMetadata(_ request: APIRequest) async throws -> APIResponse {
        let metadata = request.body["set_metadata"]?["metadata"]?.objectValue ?? JSONObject()
        return try await change(request) { aggregate, others, connection in
            if let zone = metadata[Aggregate.zoneKey] {
                try Self.setZone(zone.stringValue, &aggregate, others, connection)
            }
            for (key, value) in metadata { aggregate.metadata[key] = value.stringValue }
        }
    }

    /// A host is in one zone only, and servers do not change theirs.
    private static func setZone(
        _ zone: String?, _ aggregate: inout Aggregate, _ others: [Aggregate], _ connection: Connection
    ) throws {
        guard zone != aggregate.zone else { return }
        guard zone != "" else {
            throw NovaError(
                .badRequest,
                "Cannot perform action 'update aggregate' on aggregate \(aggregate.sequence). "
                    + "Reason: Aggregate \(aggregate.name) does not support empty named availability zone.")
        }
        for host in aggregate.hosts {
            try checkZone(zone, of: host, aggregate, others, connection, action: "update aggregate")
        }
        aggregate.metadata[Aggregate.zoneKey] = zone
    }

    private static func checkZone(
        _ zone: String?, of host: String, _ aggregate: Aggregate, _ others: [Aggregate], _ connection: Connection,
        action: String
    ) throws {
        func refuse(_ why: String) -> NovaError {
            let text = "Cannot perform action '\(action)' on aggregate \(aggregate.sequence). Reason: \(why)."
            return NovaError(action == "update aggregate" ? .badRequest : .conflict, text)
        }
        let zones = ZoneMap(others)
        if let zone, let other = zones.assigned(host), other != zone {
            throw refuse("One or more hosts already in availability zone(s) ['\(other)']")
        }
        let (before, after) = (ZoneMap(others + [aggregate]).zone(of: host), zone ?? zones.zone(of: host))
        let isMember = aggregate.hosts.contains(host)
        guard isMember ? before != after : zones.zone(of: host) != after else { return }
        guard try ServerTable(connection).onHost(host).isEmpty else {
            throw refuse("One or more hosts contain instances in this zone")
        }
    }

    private func addHost(_ request: APIRequest) async throws -> APIResponse {
        let host = request.body["add_host"]?["host"]?.stringValue ?? ""
        return try await change(request) { aggregate, others, connection in
            guard try HostTable(connection).find(host) != nil else {
                throw NovaError(.notFound, "Compute host \(host) could not be found.")
            }
            guard !aggregate.hosts.contains(host) else {
                throw NovaError(.conflict, "Aggregate \(aggregate.sequence) already has host \(host).")
            }
            if let zone = aggregate.zone {
                try Self.checkZone(zone, of: host, aggregate, others, connection, action: "add_host_to_aggregate")
            }
            aggregate.hosts.append(host)
        }
    }

    private func removeHost(_ request: APIRequest) async throws -> APIResponse {
        let host = request.body["remove_host"]?["host"]?.stringValue ?? ""
        return try await change(request) { aggregate, others, connection in
            guard try HostTable(connection).find(host) != nil else {
                throw NovaError(.notFound, "Compute host \(host) could not be found.")
            }
            guard let index = aggregate.hosts.firstIndex(of: host) else {
                throw NovaError(.notFound, "Aggregate \(aggregate.sequence) has no host \(host).")
            }
            if aggregate.zone != nil {
                try Self.checkZone(nil, of: host, aggregate, others, connection, action: "remove_host_from_aggregate")
            }
            aggregate.hosts.remove(at: index)
        }
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let number = try Self.number(request)
        try await parts.database.write { connection in
            let table = AggregateTable(connection)
            guard let aggregate = try table.find(number) else { throw Self.missing(number) }
            guard aggregate.hosts.isEmpty else {
                throw NovaError(
                    .badRequest,
                    "Cannot perform action 'delete' on aggregate \(number). Reason: Host aggregate is not empty.")
            }
            try table.delete(number)
        }
        await parts.tellSchedulers(request.context)
        return .empty(200)
    }

    /// Hosts fetch images when they need them: asking ahead is accepted and changes nothing else.
    private func cacheImages(_ request: APIRequest) async throws -> APIResponse {
        let number = try Self.number(request)
        let ids = request.body["cache"]?.arrayValue?.compactMap { $0["id"]?.stringValue } ?? []
        guard Set(ids).count == ids.count else { throw NovaError(.badRequest, "Duplicate images in request") }
        guard try await parts.database.read({ try AggregateTable($0).find(number) }) != nil else {
            throw Self.missing(number)
        }
        return .empty(202)
    }
}
