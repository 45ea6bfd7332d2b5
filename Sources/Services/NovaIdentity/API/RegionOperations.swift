import NovaCore
import NovaDatabase
import NovaHTTP
import NovaSchema
import NovaWire

extension IdentityAPI {
    private static let schema = JSONSchema.wrapped("region", .anyObject)

    /// `/v3/regions`.
    var regionOperations: [Operation] {
        [
            operation(.get, "/regions", "list_regions", policy: Self.anyone, "List regions") { request in
                Self.answer(list: try await store.read { try $0.all(Region.self) }, request)
            },
            operation(
                .post, "/regions", "create_region", policy: Self.admin, body: Self.schema, success: 201,
                "Create a region"
            ) { request in
                let fields = try Fields(request, "region")
                var region = Region()
                region.id = try fields.has("id") ? fields.name("id") : UUID128.random().hex
                guard !region.id.contains("/") else {
                    throw NovaError(.badRequest, "Invalid input for field 'id': it contains a slash.")
                }
                region.description = try fields.text("description", max: 65_535) ?? ""
                region.parentRegionID = try fields.text("parent_region_id")
                let new = region
                try await store.change { connection, _ in
                    if let parent = new.parentRegionID { _ = try connection.find(Region.self, parent) }
                    try connection.add(new, named: new.id)
                }
                return Self.answer(new, request, status: 201)
            },
            operation(.get, "/regions/{id}", "get_region", policy: Self.anyone, "Show a region") { request in
                let id = Self.parameter("id", request)
                return Self.answer(try await store.read { try $0.find(Region.self, id) }, request)
            },
            operation(.delete, "/regions/{id}", "delete_region", policy: Self.admin, success: 204, "Delete a region") {
                request in
                let id = Self.parameter("id", request)
                try await store.change { connection, _ in
                    _ = try connection.find(Region.self, id)
                    let isUsed = try connection.row(
                        "SELECT 1 FROM endpoints WHERE region_id = ?1 UNION SELECT 1 FROM regions WHERE parent_region_id = ?1",
                        [.text(id)]
                    ) { _ in true }
                    guard isUsed == nil else {
                        throw NovaError(
                            .forbidden, "Unable to delete region \(id) because it or its child regions have endpoints.")
                    }
                    try connection.execute("DELETE FROM regions WHERE id = ?", [.text(id)])
                }
                return .empty(204)
            },
        ]
    }
}
