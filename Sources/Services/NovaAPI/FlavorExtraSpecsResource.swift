import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/flavors/{id}/os-extra_specs` (`spec/compute-api.md`).
struct FlavorExtraSpecsResource: Sendable {
    private static let path = "/flavors/{id}/os-extra_specs"
    private static let item = "/flavors/{id}/os-extra_specs/{key}"
    private static let name = "os_compute_api:os-flavor-extra-specs:"
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, Self.path, name: Self.name + "index", query: Queries.none, policy: Rules.reader,
                summary: "Lists a flavor's extra specs."
            ) { request in
                let flavor = try await parts.flavor(request)
                return .written(200) { writer in writer.object { FlavorView.extraSpecs(flavor, to: &$0) } }
            },
            Operation(
                .post, Self.path, name: Self.name + "create", body: Self.all, policy: Rules.admin,
                summary: "Sets extra specs of a flavor.", create),
            Operation(
                .get, Self.item, name: Self.name + "show", query: Queries.none, policy: Rules.reader,
                summary: "Shows an extra spec of a flavor."
            ) { request in
                let (flavor, key) = (try await parts.flavor(request), try request.parameter("key"))
                guard let value = flavor.extraSpecs[key] else { throw Self.missing(flavor.id, key) }
                return .written(200) { writer in writer.object { $0.field(key, value) } }
            },
            Operation(
                .put, Self.item, name: Self.name + "update", body: Self.one, policy: Rules.admin,
                summary: "Sets an extra spec of a flavor.", update),
            Operation(
                .delete, Self.item, name: Self.name + "delete", policy: Rules.admin,
                summary: "Removes an extra spec of a flavor."
            ) { request in
                let key = try request.parameter("key")
                _ = try await change(request) { flavor in
                    guard flavor.extraSpecs.removeValue(forKey: key) != nil else { throw Self.missing(flavor.id, key) }
                }
                return .empty(200)
            },
        ]
    }

    private static let value = JSONSchema.anyOf([.string(min: 0, max: 255), .number()])
    private static let all = [
        BodySchema(.wrapped("extra_specs", .dictionary(keys: Schemas.metadataKey, values: value)))
    ]
    private static let one = [BodySchema(.dictionary(keys: Schemas.metadataKey, values: value, min: 1, max: 1))]

    private static func missing(_ flavor: String, _ key: String) -> NovaError {
        NovaError(.notFound, "Flavor \(flavor) has no extra specs with key \(key).")
    }

    private static func items(_ value: JSONValue?) -> [String: String] {
        var items: [String: String] = [:]
        for (key, value) in value?.objectValue ?? JSONObject() { items[key] = value.stringValue ?? value.text }
        return items
    }

    private func change(
        _ request: APIRequest, _ body: @escaping @Sendable (inout Flavor) throws -> Void
    ) async throws -> Flavor {
        let id = try request.parameter("id")
        guard let flavor = try await parts.database.write({ try FlavorTable($0).change(id, body) }) else {
            throw NovaError(.notFound, "Flavor \(id) could not be found.")
        }
        return flavor
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let items = Self.items(request.body["extra_specs"])
        try check(items, request)
        _ = try await change(request) { $0.extraSpecs.merge(items) { $1 } }
        return .json(request.body)
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let key = try request.parameter("key")
        let items = Self.items(request.body)
        guard items[key] != nil else { throw NovaError(.badRequest, "Request body and URI mismatch") }
        try check(items, request)
        _ = try await change(request) { $0.extraSpecs.merge(items) { $1 } }
        return .json(request.body)
    }

    /// From 2.86 on the keys of known namespaces must be known.
    private func check(_ specs: [String: String], _ request: APIRequest) throws {
        guard request.atLeast(86) else { return }
        for (key, value) in specs { try ExtraSpecRules.check(key, value) }
    }
}
