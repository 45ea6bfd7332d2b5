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
                policy: "rule:project_member_or_admin", success: 202, summary: "Creates servers."
            ) { try await ServerCreation(parts: parts)($0) },
            Operation(
                .get, "/servers", name: "os_compute_api:servers:index", policy: "rule:project_reader_or_admin",
                summary: "Lists servers."
            ) { request in try await list(request) { view, server, writer in view.brief(server, to: &writer) } },
            Operation(
                .get, "/servers/detail", name: "os_compute_api:servers:detail", policy: "rule:project_reader_or_admin",
                summary: "Lists servers with details."
            ) { request in
                try await list(request) { view, server, writer in view.full(server, isList: true, to: &writer) }
            },
            Operation(
                .get, "/servers/{id}", name: "os_compute_api:servers:show", policy: "rule:project_reader_or_admin",
                summary: "Shows a server.", show),
            Operation(
                .put, "/servers/{id}", name: "os_compute_api:servers:update", body: ServerSchemas.update,
                policy: "rule:project_member_or_admin", summary: "Changes a server's name and description.", update),
            Operation(
                .delete, "/servers/{id}", name: "os_compute_api:servers:delete", policy: "rule:project_member_or_admin",
                success: 204, summary: "Deletes a server.", delete),
        ]
    }

    private func list(
        _ request: APIRequest, _ write: @escaping (ServerView, ServerRecord, inout JSONWriter) -> Void
    ) async throws -> APIResponse {
        let filter = try ServerQuery.filter(request, maximum: parts.maxLimit)
        let servers = try await parts.database.read { try ServerTable($0).list(filter) }
        let view = try await view(request)
        let isFull = filter.limit > 0 && Int64(servers.count) == filter.limit
        return .written(200) { writer in
            writer.object { writer in
                writer.field("servers", array: { writer in for server in servers { write(view, server, &writer) } })
                view.links.writeNext(
                    "servers", request, marker: isFull ? servers.last?.id.description : nil, to: &writer)
            }
        }
    }

    /// The broker is asked for live hosts only where `host_status` shows them.
    private func view(_ request: APIRequest) async throws -> ServerView {
        let needsLiveness = try request.caller.isAdmin && request.atLeast(16)
        return ServerView(request, liveQueues: needsLiveness ? try await parts.liveness.liveQueues() : [])
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        try await answer(try await parts.server(request), request)
    }

    private func answer(_ server: ServerRecord, _ request: APIRequest) async throws -> APIResponse {
        let view = try await view(request)
        return .written(200) { writer in
            writer.object { writer in
                writer.key("server")
                view.full(server, isList: false, to: &writer)
            }
        }
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let body = request.body["server"] ?? .null
        let server = try await parts.server(request)
        let changed = try await parts.database.write { connection in
            try ServerTable(connection).change(server.id) { server in
                if let name = body["name"]?.stringValue { server.name = name }
                if let text = body["description"] { server.text = text.stringValue }
                if let hostname = body["hostname"]?.stringValue { server.hostname = hostname }
            }
        }
        guard let changed else { throw NovaError(.notFound, "Instance \(server.id) could not be found.") }
        return try await answer(changed, request)
    }

    /// Accepts the deletion and its workflow in one transaction; a deletion that is under way is not begun twice.
    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let server = try await parts.server(request)
        guard try !server.isLocked || request.caller.isAdmin else {
            throw NovaError(.conflict, "Instance \(server.id) is locked")
        }
        let workflow = WorkflowRecord(
            kind: WorkflowKindName.delete, server: server.id, context: request.context,
            data: DeleteState(server.id).encoded(), now: .now())
        let isNew = try await parts.database.write { connection in
            var isNew = false
            try ServerTable(connection).change(server.id) { server in
                isNew = server.taskState != .deleting
                server.taskState = .deleting
            }
            if isNew { try WorkflowTable(connection).insert(workflow) }
            return isNew
        }
        if isNew { parts.wakeConductor(workflow.id, request.context) }
        return .empty(204)
    }
}
