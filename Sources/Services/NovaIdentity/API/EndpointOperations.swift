import NovaCore
import NovaDatabase
import NovaHTTP
import NovaSchema
import NovaWire

extension IdentityAPI {
    private static let schema = JSONSchema.wrapped("endpoint", .anyObject)

    /// `/v3/endpoints`.
    var endpointOperations: [Operation] {
        [
            operation(.get, "/endpoints", "list_endpoints", policy: IdentityPolicy.systemReader, "List endpoints") {
                request in
                try Self.answer(list: try await list(Endpoint.self, request), request)
            },
            operation(
                .post, "/endpoints", "create_endpoint", policy: IdentityPolicy.admin, body: Self.schema, success: 201,
                "Add an endpoint to a service"
            ) { request in
                let fields = try Fields(request, "endpoint")
                let endpoint = try await store.change { connection, _ in
                    var endpoint = Endpoint()
                    endpoint.id = UUID128.random().hex
                    endpoint.serviceID = try fields.name("service_id", max: 64)
                    endpoint.interface = try fields.name("interface")
                    endpoint.url = try fields.name("url", max: 2048)
                    try Self.fill(&endpoint, fields, connection)
                    try connection.add(endpoint, named: endpoint.url)
                    return endpoint
                }
                return Self.answer(endpoint, request, status: 201)
            },
            operation(
                .get, "/endpoints/{id}", "get_endpoint", policy: IdentityPolicy.systemReader, "Show an endpoint"
            ) { request in
                let id = Self.parameter("id", request)
                return Self.answer(try await store.read { try $0.find(Endpoint.self, id) }, request)
            },
            operation(
                .patch, "/endpoints/{id}", "update_endpoint", policy: IdentityPolicy.admin, body: Self.schema,
                "Change an endpoint"
            ) { request in
                let id = Self.parameter("id", request)
                let fields = try Fields(request, "endpoint")
                let endpoint = try await store.change { connection, _ in
                    var endpoint = try connection.find(Endpoint.self, id)
                    if fields.has("service_id") { endpoint.serviceID = try fields.name("service_id", max: 64) }
                    if fields.has("interface") { endpoint.interface = try fields.name("interface") }
                    if fields.has("url") { endpoint.url = try fields.name("url", max: 2048) }
                    try Self.fill(&endpoint, fields, connection)
                    try connection.save(endpoint, named: endpoint.url)
                    return endpoint
                }
                return Self.answer(endpoint, request)
            },
            operation(
                .delete, "/endpoints/{id}", "delete_endpoint", policy: IdentityPolicy.admin, success: 204,
                "Remove an endpoint"
            ) { request in
                let id = Self.parameter("id", request)
                try await store.change { connection, _ in
                    _ = try connection.find(Endpoint.self, id)
                    try connection.execute("DELETE FROM endpoints WHERE id = ?", [.text(id)])
                }
                return .empty(204)
            },
        ]
    }

    /// What a new endpoint and a changed one have in common.
    ///
    /// The old name of the region, `region`, makes the region when there is none of that name; `region_id` does not.
    private static func fill(_ endpoint: inout Endpoint, _ fields: Fields, _ connection: Connection) throws {
        guard Endpoint.interfaces.contains(endpoint.interface) else {
            throw NovaError(.badRequest, "Invalid input for field 'interface': it is none of public, internal, admin.")
        }
        guard try connection.present(CatalogService.self, endpoint.serviceID) != nil else {
            throw NovaError(.badRequest, "Could not find service: \(endpoint.serviceID).")
        }
        endpoint.enabled = try fields.flag("enabled") ?? endpoint.enabled
        if fields.has("region_id") {
            endpoint.regionID = try fields.text("region_id")
            guard let id = endpoint.regionID, try connection.present(Region.self, id) == nil else { return }
            throw NovaError(.badRequest, "Could not find region: \(id).")
        } else if fields.has("region") {
            endpoint.regionID = try fields.text("region")
            guard let id = endpoint.regionID, try connection.present(Region.self, id) == nil else { return }
            var region = Region()
            region.id = id
            try connection.add(region, named: id)
        }
    }
}
