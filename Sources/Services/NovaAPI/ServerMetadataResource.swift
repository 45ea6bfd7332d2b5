import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/servers/{id}/metadata` (`spec/compute-api.md`).
struct ServerMetadataResource: Sendable {
    private static let path = "/servers/{id}/metadata"
    private static let item = "/servers/{id}/metadata/{key}"
    private static let name = "os_compute_api:server-metadata:"
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, Self.path, name: Self.name + "index", query: Queries.none, policy: Rules.reader,
                summary: "Lists a server's metadata."
            ) { request in Self.answer(try await parts.server(request).metadata) },
            Operation(
                .post, Self.path, name: Self.name + "create", body: Self.all, policy: Rules.member,
                summary: "Adds metadata to a server."
            ) { request in
                let items = Self.items(request.body["metadata"])
                return Self.answer(try await change(request, .updateMetadata) { $0.merge(items) { $1 } })
            },
            Operation(
                .put, Self.path, name: Self.name + "update_all", body: Self.all, policy: Rules.member,
                summary: "Replaces a server's metadata."
            ) { request in
                let items = Self.items(request.body["metadata"])
                return Self.answer(try await change(request, .updateMetadata) { $0 = items })
            },
            Operation(
                .get, Self.item, name: Self.name + "show", query: Queries.none, policy: Rules.reader,
                summary: "Shows one item of a server's metadata.", show),
            Operation(
                .put, Self.item, name: Self.name + "update", body: Self.one, policy: Rules.member,
                summary: "Sets one item of a server's metadata.", update),
            Operation(
                .delete, Self.item, name: Self.name + "delete", policy: Rules.member, success: 204,
                summary: "Removes one item of a server's metadata.", delete),
        ]
    }

    private static let all = [BodySchema(.wrapped("metadata", Schemas.metadata))]
    private static let one = [BodySchema(.wrapped("meta", Schemas.oneMetadataItem))]

    private static func items(_ value: JSONValue?) -> [String: String] {
        var items: [String: String] = [:]
        for (key, value) in value?.objectValue ?? JSONObject() { items[key] = value.stringValue ?? "" }
        return items
    }

    private static func answer(_ metadata: [String: String], as name: String = "metadata") -> APIResponse {
        .written(200) { writer in
            writer.object { writer in
                writer.field(
                    name,
                    object: { writer in
                        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { writer.field(key, value) }
                    })
            }
        }
    }

    /// Changes the metadata of a server in a fitting state, within the quota.
    private func change(
        _ request: APIRequest, _ action: ServerAction,
        _ body: @escaping @Sendable (inout [String: String]) throws -> Void
    ) async throws -> [String: String] {
        let server = try await parts.server(request)
        let isAdmin = try request.caller.isAdmin
        let quota = parts.quota
        let changed = try await parts.database.write { connection in
            try ServerTable(connection).change(server.id) { server in
                try action.checkLock(server, isAdmin: isAdmin)
                try action.check(server)
                try body(&server.metadata)
                try quota.checkMetadata(server.metadata.count, of: server.projectID, connection)
            }
        }
        guard let changed else { throw NovaError(.notFound, "Instance \(server.id) could not be found.") }
        return changed.metadata
    }

    private static let missing = NovaError(.notFound, "Metadata item was not found")

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let key = try request.parameter("key")
        guard let value = try await parts.server(request).metadata[key] else { throw Self.missing }
        return Self.answer([key: value], as: "meta")
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let key = try request.parameter("key")
        let items = Self.items(request.body["meta"])
        guard let value = items[key] else { throw NovaError(.badRequest, "Request body and URI mismatch") }
        _ = try await change(request, .updateMetadata) { $0[key] = value }
        return Self.answer([key: value], as: "meta")
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let key = try request.parameter("key")
        guard try await parts.server(request).metadata[key] != nil else { throw Self.missing }
        _ = try await change(request, .deleteMetadata) { metadata in
            guard metadata.removeValue(forKey: key) != nil else { throw Self.missing }
        }
        return .empty(204)
    }
}
