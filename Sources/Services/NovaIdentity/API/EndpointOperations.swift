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
            operation(.get, "/endpoints", "list_endpoints", policy: Self.admin, "List endpoints") { request in
                Self.answer(list: try await store.read { try $0.all(Endpoint.self) }, request)
            },
            operation(
                .post, "/endpoints", "create_endpoint", policy: Self.admin, body: Self.schema, success: 201,
                "Add an endpoint to a service"
            ) { request in
                let endpoint = try Self.newEndpoint(request)
                try await store.change { connection, _ in
                    _ = try connection.find(CatalogService.self, endpoint.serviceID)
                    if let region = endpoint.regionID { _ = try connection.find(Region.self, region) }
                    try connection.add(endpoint, named: endpoint.url)
                }
                return Self.answer(endpoint, request, status: 201)
            },
            operation(.get, "/endpoints/{id}", "get_endpoint", policy: Self.admin, "Show an endpoint") { request in
                let id = Self.parameter("id", request)
                return Self.answer(try await store.read { try $0.find(Endpoint.self, id) }, request)
            },
            operation(
                .delete, "/endpoints/{id}", "delete_endpoint", policy: Self.admin, success: 204, "Remove an endpoint"
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

    private static func newEndpoint(_ request: APIRequest) throws -> Endpoint {
        let fields = try Fields(request, "endpoint")
        var endpoint = Endpoint()
        endpoint.id = UUID128.random().hex
        endpoint.serviceID = try fields.name("service_id", max: 64)
        endpoint.interface = try fields.name("interface")
        guard Endpoint.interfaces.contains(endpoint.interface) else {
            throw NovaError(.badRequest, "Invalid input for field 'interface': it is none of public, internal, admin.")
        }
        endpoint.regionID = try fields.text("region_id") ?? fields.text("region")
        endpoint.url = try fields.name("url", max: 2048)
        endpoint.enabled = try fields.flag("enabled") ?? true
        return endpoint
    }
}
