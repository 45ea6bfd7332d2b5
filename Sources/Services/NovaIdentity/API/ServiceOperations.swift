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
            operation(
                .get, "/services", "list_services", policy: IdentityPolicy.systemReader,
                "List the services of the catalog"
            ) { request in
                try Self.answer(list: try await list(CatalogService.self, request), request)
            },
            operation(
                .post, "/services", "create_service", policy: IdentityPolicy.admin, body: Self.schema, success: 201,
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
            operation(
                .get, "/services/{id}", "get_service", policy: IdentityPolicy.systemReader,
                "Show a service of the catalog"
            ) { request in
                let id = Self.parameter("id", request)
                return Self.answer(try await store.read { try $0.find(CatalogService.self, id) }, request)
            },
            operation(
                .patch, "/services/{id}", "update_service", policy: IdentityPolicy.admin, body: Self.schema,
                "Change a service of the catalog"
            ) { request in
                let id = Self.parameter("id", request)
                let fields = try Fields(request, "service")
                let service = try await store.change { connection, _ in
                    var service = try connection.find(CatalogService.self, id)
                    if fields.has("type") { service.type = try fields.name("type") }
                    if fields.has("name") { service.name = try fields.text("name") ?? "" }
                    if fields.has("description") {
                        service.description = try fields.text("description", max: 65_535) ?? ""
                    }
                    service.enabled = try fields.flag("enabled") ?? service.enabled
                    try connection.save(service, named: service.name)
                    return service
                }
                return Self.answer(service, request)
            },
            operation(
                .delete, "/services/{id}", "delete_service", policy: IdentityPolicy.admin, success: 204,
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
