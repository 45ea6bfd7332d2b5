import NovaCore
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaSchema
import NovaStore

/// `/os-nova-drains`: the plans by which hosts are emptied or get their servers back, and how far they are; for
/// administrators.
struct HostDrainsResource: Sendable {
    private static let admin = "rule:context_is_admin"
    private static let name = "os_compute_api:os-nova-drains"

    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, "/os-nova-drains", name: "\(Self.name):list", query: Queries.of(["host": .string]),
                policy: Self.admin, summary: "Lists drains of hosts.", list),
            Operation(
                .post, "/os-nova-drains", name: "\(Self.name):plan", body: [BodySchema(Self.schema)],
                policy: Self.admin, summary: "Plans how servers leave a host or come back; nothing is done yet.", plan),
            Operation(
                .get, "/os-nova-drains/{id}", name: "\(Self.name):show", policy: Self.admin,
                summary: "Shows a drain with its moves.", show),
            Operation(
                .delete, "/os-nova-drains/{id}", name: "\(Self.name):delete", policy: Self.admin, success: 204,
                summary: "Forgets a drain that is not under way.", delete),
            Operation(
                .post, "/os-nova-hosts/{host}/action", name: "\(Self.name):undrain", action: "undrain",
                body: ServerSchemas.action("undrain", .any), policy: Self.admin, success: 202,
                summary: "Ends a host's maintenance: it takes servers again.", undrain),
            action("start", "Does what was planned.") { try DrainTable($1).start($0) },
            action("stop", "Lets a drain begin no more moves.") { try DrainTable($1).stop($0) },
        ]
    }

    private static let schema = JSONSchema.wrapped(
        "drain",
        .object(
            properties: [
                "host": Schemas.hostname, "kind": .enumeration(DrainPurpose.allCases.map { .string($0.rawValue) }),
                "cold": .boolean,
            ], required: ["host", "kind"], additional: false))

    private func id(_ request: APIRequest) throws -> DrainID {
        let text = request.parameters["id"] ?? ""
        guard let id = DrainID(text) else { throw NovaError(.notFound, "Drain \(text) could not be found.") }
        return id
    }

    // MARK: Changes

    private func plan(_ request: APIRequest) async throws -> APIResponse {
        let body = request.body["drain"] ?? .null
        let host = body["host"]?.stringValue ?? ""
        guard let purpose = body["kind"]?.stringValue.flatMap(DrainPurpose.init(rawValue:)) else {
            throw NovaError(.badRequest, "There is no such kind of drain.")
        }
        if purpose == .drain { try await requireAlive(host) }
        let plan = try await parts.bus.call(
            PlanDrain(host, purpose, isCold: body["cold"]?.lenientBool ?? false), to: .topic(PlanDrain.topic),
            context: request.context)
        return try await answer(plan.drainID)
    }

    /// A host that does not answer could move nothing; an unknown one is told by the conductor.
    private func requireAlive(_ host: String) async throws {
        let isKnown = try await parts.database.read { try HostTable($0).find(host)?.isForcedDown == false }
        guard isKnown, try await !parts.liveness.liveQueues().contains("compute.\(host)") else { return }
        throw NovaError(
            .conflict,
            "Host \(host) does not answer: start its nova-compute. If the host is off: openstack compute service set --down "
                + "\(host) nova-compute, then novactl host evacuate \(host)")
    }

    private func action(
        _ word: String, _ summary: String, _ change: @escaping @Sendable (DrainID, Connection) throws -> Void
    ) -> Operation {
        Operation(
            .post, "/os-nova-drains/{id}/action", name: "\(Self.name):\(word)", action: word,
            body: ServerSchemas.action(word, .any), policy: Self.admin, success: 202, summary: summary
        ) { request in
            let id = try id(request)
            try await parts.database.write { try change(id, $0) }
            await parts.tellSchedulers(request.context)
            return .empty(202)
        }
    }

    private func undrain(_ request: APIRequest) async throws -> APIResponse {
        let host = try request.parameter("host")
        try await parts.database.write { connection in
            try DrainTable(connection).requireIdle(host)
            guard try HostTable(connection).release(host) else {
                throw NovaError(.notFound, "Compute host \(host) could not be found.")
            }
        }
        await parts.tellSchedulers(request.context)
        return .empty(202)
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let id = try id(request)
        try await parts.database.write { connection in
            let table = DrainTable(connection)
            guard let drain = try table.find(id) else {
                throw NovaError(.notFound, "Drain \(id) could not be found.")
            }
            guard !drain.isActive else {
                throw NovaError(
                    .conflict, "The drain \(id) is under way. Next: novactl host drain \(drain.host) --stop")
            }
            try table.delete(id)
        }
        return .empty(204)
    }

    // MARK: Views

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let host = request.query("host")
        let limit = Int(parts.maxLimit)
        let found = try await parts.database.read { connection in
            let table = DrainTable(connection)
            return try table.list(host: host, limit: limit).map { ($0, try table.counts(of: $0.id)) }
        }
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "drains",
                    array: { writer in
                        for (drain, counts) in found { write(drain, counts, nil, to: &writer) }
                    })
            }
        }
    }

    private func show(_ request: APIRequest) async throws -> APIResponse { try await answer(try id(request)) }

    private func answer(_ id: DrainID) async throws -> APIResponse {
        let (drain, counts, moves) = try await parts.database.scan { connection in
            let table = DrainTable(connection)
            guard let drain = try table.find(id) else {
                throw NovaError(.notFound, "Drain \(id) could not be found.")
            }
            return (drain, try table.counts(of: id), try table.moves(of: id))
        }
        return .written(200) { writer in
            writer.object { writer in
                writer.key("drain")
                write(drain, counts, moves, to: &writer)
            }
        }
    }

    private func write(_ drain: DrainRecord, _ counts: DrainCounts, _ moves: [DrainMove]?, to writer: inout JSONWriter)
    {
        writer.object { writer in
            writer.field("id", drain.id.description)
            writer.field("host", drain.host)
            writer.field("kind", drain.purpose.rawValue)
            writer.field("state", drain.state.rawValue)
            writer.field("cold", drain.isCold)
            writer.field("request_id", drain.context.requestID)
            writer.field("created_at", drain.createdAt.iso8601MicroZ)
            writer.field("started_at", drain.startedAt?.iso8601MicroZ)
            writer.field("finished_at", drain.finishedAt?.iso8601MicroZ)
            if let started = drain.startedAt {
                writer.field("seconds", Self.seconds(from: started, to: drain.finishedAt ?? .now()))
            }
            writer.field("total", counts.total)
            for state in DrainMove.State.allCases where state != .confirming {
                // To users, a move that is being confirmed is still under way.
                writer.field(state.rawValue, state == .moving ? counts[.moving, .confirming] : counts[state])
            }
            guard let moves else { return }
            writer.field("moves", array: { writer in for move in moves { write(move, to: &writer) } })
        }
    }

    private func write(_ move: DrainMove, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("server_id", move.serverID.description)
            writer.field("server_name", move.serverName)
            writer.field("state", move.state.rawValue)
            writer.field("way", move.way?.rawValue)
            writer.field("from", move.source)
            writer.field("to", move.target)
            writer.field("reason", move.reason)
            writer.field("attempts", move.attempts)
            writer.field("workflow_id", move.workflowID?.description)
            writer.field("started_at", move.startedAt?.iso8601MicroZ)
            writer.field("finished_at", move.finishedAt?.iso8601MicroZ)
        }
    }

    private static func seconds(from start: Timestamp, to end: Timestamp) -> Double {
        Double(max(0, end.microseconds.subtractingReportingOverflow(start.microseconds).partialValue) / 1_000) / 1_000
    }
}
