import NovaCore
import NovaDatabase
import NovaHTTP
import NovaSchema
import NovaWire

extension IdentityAPI {
    private static let schema = JSONSchema.wrapped("service", .anyObject)

    /// `/v3/services`.
    var serviceOperations: [Operation] {
        [
            operation(.get, "/services", "list_services", policy: Self.admin, "List the services of the catalog") {
                request in
                Self.answer(list: try await store.read { try $0.all(CatalogService.self) }, request)
            },
            operation(
                .post, "/services", "create_service", policy: Self.admin, body: Self.schema, success: 201,
                "Add a service to the catalog"
            ) { request in
                let fields = try Fields(request, "service")
                var service = CatalogService()
                service.id = UUID128.random().hex
                service.type = try fields.name("type")
                service.name = try fields.text("name") ?? ""
                service.description = try fields.text("description", max: 65_535) ?? ""
                service.enabled = try fields.flag("enabled") ?? true
                let new = service
                try await store.change { connection, _ in try connection.add(new, named: new.name) }
                return Self.answer(new, request, status: 201)
            },
            operation(.get, "/services/{id}", "get_service", policy: Self.admin, "Show a service of the catalog") {
                request in
                let id = Self.parameter("id", request)
                return Self.answer(try await store.read { try $0.find(CatalogService.self, id) }, request)
            },
            operation(
                .delete, "/services/{id}", "delete_service", policy: Self.admin, success: 204,
                "Remove a service and its endpoints from the catalog"
            ) { request in
                let id = Self.parameter("id", request)
                try await store.change { connection, _ in
                    _ = try connection.find(CatalogService.self, id)
                    try connection.execute("DELETE FROM services WHERE id = ?", [.text(id)])
                }
                return .empty(204)
            },
        ]
    }
}
