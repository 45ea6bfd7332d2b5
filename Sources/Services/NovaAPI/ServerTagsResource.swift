import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/servers/{id}/tags`, from 2.26 on (`spec/compute-api.md`).
struct ServerTagsResource: Sendable {
    private static let path = "/servers/{id}/tags"
    private static let item = "/servers/{id}/tags/{tag}"
    private static let name = "os_compute_api:os-server-tags:"
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, Self.path, name: Self.name + "index", since: .v(26), query: Queries.none, policy: Rules.reader,
                summary: "Lists a server's tags."
            ) { request in Self.answer(try await parts.server(request).tags) },
            Operation(
                .put, Self.path, name: Self.name + "update_all", since: .v(26),
                body: [BodySchema(.wrapped("tags", .array(Schemas.tag, max: ServerTags.limit)))], policy: Rules.member,
                summary: "Replaces a server's tags."
            ) { request in
                let tags = try ServerTags.list(request.body["tags"])
                return Self.answer(try await change(request) { $0 = tags })
            },
            Operation(
                .delete, Self.path, name: Self.name + "delete_all", since: .v(26), policy: Rules.member, success: 204,
                summary: "Removes a server's tags."
            ) { request in
                _ = try await change(request) { $0 = [] }
                return .empty(204)
            },
            Operation(
                .get, Self.item, name: Self.name + "show", since: .v(26), query: Queries.none, policy: Rules.reader,
                success: 204, summary: "Says whether a server has a tag."
            ) { request in
                let (server, tag) = (try await parts.server(request), try request.parameter("tag"))
                guard server.tags.contains(tag) else { throw Self.missing(tag, server.id) }
                return .empty(204)
            },
            Operation(
                .put, Self.item, name: Self.name + "update", since: .v(26), policy: Rules.member, success: 201,
                summary: "Adds a tag to a server.", add),
            Operation(
                .delete, Self.item, name: Self.name + "delete", since: .v(26), policy: Rules.member, success: 204,
                summary: "Removes a tag from a server."
            ) { request in
                let (server, tag) = (try await parts.server(request), try request.parameter("tag"))
                _ = try await change(request) { tags in
                    guard let index = tags.firstIndex(of: tag) else { throw Self.missing(tag, server.id) }
                    tags.remove(at: index)
                }
                return .empty(204)
            },
        ]
    }

    private static func missing(_ tag: String, _ server: ServerID) -> NovaError {
        NovaError(.notFound, "Server \(server) has no tag '\(tag)'")
    }

    private static func answer(_ tags: [String]) -> APIResponse {
        .written(200) { writer in writer.object { $0.field("tags", tags) } }
    }

    /// Changes the tags of a server in a fitting state.
    ///
    /// - Returns: the tags after it.
    private func change(
        _ request: APIRequest, _ body: @escaping @Sendable (inout [String]) throws -> Void
    ) async throws -> [String] {
        let server = try await parts.server(request)
        let changed = try await parts.database.write { connection in
            try ServerTable(connection).change(server.id) { server in
                try ServerAction.updateTags.check(server)
                try body(&server.tags)
            }
        }
        guard let changed else { throw NovaError(.notFound, "Instance \(server.id) could not be found.") }
        return changed.tags
    }

    private func add(_ request: APIRequest) async throws -> APIResponse {
        let tag = try request.parameter("tag")
        try JSONSchema.wrapped("tag", Schemas.tag).validate(["tag": .string(tag)])
        let server = try await parts.server(request)
        let isNew = !server.tags.contains(tag)
        _ = try await change(request) { tags in
            guard !tags.contains(tag) else { return }
            guard tags.count < ServerTags.limit else { throw ServerTags.tooMany }
            tags.append(tag)
        }
        guard isNew else { return .empty(204) }
        let place = Links(request).selfLink("servers/\(server.id)/tags", PercentEncoding.encode(tag))
        return .empty(201, headers: [("Location", place)])
    }
}
