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
            operation(.get, "/regions", "list_regions", policy: IdentityPolicy.anyone, "List regions") { request in
                try Self.answer(list: try await list(Region.self, request), request)
            },
            operation(
                .post, "/regions", "create_region", policy: IdentityPolicy.admin, body: Self.schema, success: 201,
                "Create a region"
            ) { request in
                let fields = try Fields(request, "region")
                let id = try fields.text("id") ?? ""
                return try await create(id.isEmpty ? UUID128.random().hex : id, fields, request)
            },
            operation(
                .put, "/regions/{id}", "create_region", policy: IdentityPolicy.admin, body: Self.schema, success: 201,
                "Create a region of that id"
            ) { request in
                let id = Self.parameter("id", request)
                let fields = try Fields(request, "region")
                guard try fields.text("id").map({ $0 == id }) ?? true else {
                    throw NovaError(.badRequest, "Conflicting region IDs specified.")
                }
                return try await create(id, fields, request)
            },
            operation(.get, "/regions/{id}", "get_region", policy: IdentityPolicy.anyone, "Show a region") { request in
                let id = Self.parameter("id", request)
                return Self.answer(try await store.read { try $0.find(Region.self, id) }, request)
            },
            operation(
                .patch, "/regions/{id}", "update_region", policy: IdentityPolicy.admin, body: Self.schema,
                "Change a region"
            ) { request in
                let id = Self.parameter("id", request)
                let fields = try Fields(request, "region")
                let region = try await store.change { connection, _ in
                    var region = try connection.find(Region.self, id)
                    if fields.has("description") {
                        region.description = try fields.text("description", max: 65_535) ?? ""
                    }
                    if fields.has("parent_region_id") {
                        region.parentRegionID = try fields.text("parent_region_id")
                        try Self.checkParent(of: region, connection)
                    }
                    try connection.save(region, named: id)
                    return region
                }
                return Self.answer(region, request)
            },
            operation(
                .delete, "/regions/{id}", "delete_region", policy: IdentityPolicy.admin, success: 204,
                "Delete a region"
            ) { request in
                let id = Self.parameter("id", request)
                try await store.change { connection, _ in
                    _ = try connection.find(Region.self, id)
                    let isUsed = try connection.row(
                        """
                        SELECT 1 FROM endpoints WHERE region_id = ?1
                        UNION SELECT 1 FROM regions WHERE parent_region_id = ?1
                        """, [.text(id)]
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

    private func create(_ id: String, _ fields: Fields, _ request: APIRequest) async throws -> APIResponse {
        guard !id.contains("/"), id.unicodeScalars.count <= 255 else {
            throw NovaError(.badRequest, "Invalid input for field 'id': it is too long or contains a slash.")
        }
        var region = Region()
        region.id = id
        region.description = try fields.text("description", max: 65_535) ?? ""
        region.parentRegionID = try fields.text("parent_region_id")
        let new = region
        try await store.change { connection, _ in
            try Self.checkParent(of: new, connection)
            try connection.add(new, named: new.id)
        }
        return Self.answer(new, request, status: 201)
    }

    /// Throws when the region above a region does not exist, or is below it.
    private static func checkParent(of region: Region, _ connection: Connection) throws {
        var next = region.parentRegionID
        var seen: Set<String> = [region.id]
        while let id = next {
            guard seen.insert(id).inserted else {
                throw NovaError(.badRequest, "A region cannot be below itself.")
            }
            next = try connection.find(Region.self, id).parentRegionID
        }
    }
}
