import NovaCore
import NovaDatabase
import NovaHTTP
import NovaSchema
import NovaWire

extension IdentityAPI {
    /// `/v3/registered_limits` and `/v3/limits`: what projects are allowed of services' resources.
    ///
    /// The model is Keystone's `flat`: a limit says nothing about the projects below.
    var limitOperations: [Operation] { registeredLimitOperations + projectLimitOperations }

    private var registeredLimitOperations: [Operation] {
        [
            operation(
                .get, "/registered_limits", "list_registered_limits", policy: IdentityPolicy.anyone,
                "List the default limits"
            ) { request in
                try Self.answer(list: try await list(RegisteredLimit.self, request), request)
            },
            operation(
                .post, "/registered_limits", "create_registered_limits", policy: IdentityPolicy.admin,
                body: .wrapped("registered_limits", .array(.anyObject, min: 1)), success: 201, "Add default limits"
            ) { request in
                let base = Self.base(request)
                let bodies = (request.body["registered_limits"]?.arrayValue ?? [])
                let made = try await store.change { connection, _ in
                    try bodies.map { body in
                        let fields = try Fields(object: body)
                        var limit = RegisteredLimit()
                        limit.id = UUID128.random().hex
                        limit.serviceID = try fields.name("service_id", max: 64)
                        limit.regionID = try fields.text("region_id") ?? ""
                        limit.resourceName = try fields.name("resource_name")
                        limit.defaultLimit = try Self.limit("default_limit", fields)
                        limit.description = try fields.text("description", max: 65_535)
                        try Self.check(service: limit.serviceID, region: limit.regionID, connection)
                        try connection.add(limit, named: limit.resourceName)
                        return limit
                    }
                }
                return .json(201, ["registered_limits": .array(made.map { $0.json(base) })])
            },
            operation(
                .get, "/registered_limits/{id}", "get_registered_limit", policy: IdentityPolicy.anyone,
                "Show a default limit"
            ) { request in
                let id = Self.parameter("id", request)
                return Self.answer(try await store.read { try $0.find(RegisteredLimit.self, id) }, request)
            },
            operation(
                .patch, "/registered_limits/{id}", "update_registered_limit", policy: IdentityPolicy.admin,
                body: .wrapped("registered_limit", .anyObject), "Change a default limit"
            ) { request in
                let id = Self.parameter("id", request)
                let fields = try Fields(request, "registered_limit")
                let limit = try await store.change { connection, _ in
                    var limit = try connection.find(RegisteredLimit.self, id)
                    if fields.has("default_limit") { limit.defaultLimit = try Self.limit("default_limit", fields) }
                    if fields.has("description") { limit.description = try fields.text("description", max: 65_535) }
                    if fields.has("resource_name") { limit.resourceName = try fields.name("resource_name") }
                    try connection.save(limit, named: limit.resourceName)
                    return limit
                }
                return Self.answer(limit, request)
            },
            operation(
                .delete, "/registered_limits/{id}", "delete_registered_limit", policy: IdentityPolicy.admin,
                success: 204, "Delete a default limit"
            ) { request in
                let id = Self.parameter("id", request)
                try await store.change { connection, _ in
                    let limit = try connection.find(RegisteredLimit.self, id)
                    let isUsed = try connection.row(
                        "SELECT 1 FROM limits WHERE service_id = ? AND region_id = ? AND resource_name = ?",
                        [.text(limit.serviceID), .text(limit.regionID), .text(limit.resourceName)]
                    ) { _ in true }
                    guard isUsed == nil else {
                        throw Self.forbidden("registered limit \(id) has limits that rest on it")
                    }
                    try connection.execute("DELETE FROM registered_limits WHERE id = ?", [.text(id)])
                }
                return .empty(204)
            },
        ]
    }

    private var projectLimitOperations: [Operation] {
        [
            operation(
                .get, "/limits/model", "get_limit_model", policy: IdentityPolicy.anyone, "Show how limits are enforced"
            ) { _ in
                let text: JSONValue =
                    "Limit enforcement and validation does not take project hierarchy into consideration."
                return .json(200, ["model": ["name": "flat", "description": text]])
            },
            operation(.get, "/limits", "list_limits", policy: IdentityPolicy.anyone, "List limits") { request in
                let caller = try request.caller
                let sees = caller.isAdmin || caller.isSystemScoped
                let limits = try await list(ResourceLimit.self, request).filter { limit in
                    sees || caller.projectID.map { $0.text == limit.projectID } ?? false
                        || caller.domainID.map { $0.text == limit.domainID } ?? false
                }
                return try Self.answer(list: limits, request)
            },
            operation(
                .post, "/limits", "create_limits", policy: IdentityPolicy.admin,
                body: .wrapped("limits", .array(.anyObject, min: 1)), success: 201, "Add limits"
            ) { request in
                let base = Self.base(request)
                let bodies = request.body["limits"]?.arrayValue ?? []
                let made = try await store.change { connection, _ in
                    try bodies.map { try Self.newLimit($0, connection) }
                }
                return .json(201, ["limits": .array(made.map { $0.json(base) })])
            },
            operation(
                .get, "/limits/{id}", "get_limit", policy: IdentityPolicy.getLimit,
                target: .rows { request, connection in
                    guard let limit = try connection.present(ResourceLimit.self, Self.parameter("id", request)) else {
                        return PolicyTarget()
                    }
                    return limit.projectID.isEmpty
                        ? PolicyTarget.value("target.limit.domain.id", limit.domainID)
                        : PolicyTarget.value("target.limit.project_id", limit.projectID)
                }, "Show a limit"
            ) { request in
                let id = Self.parameter("id", request)
                return Self.answer(try await store.read { try $0.find(ResourceLimit.self, id) }, request)
            },
            operation(
                .patch, "/limits/{id}", "update_limit", policy: IdentityPolicy.admin,
                body: .wrapped("limit", .anyObject), "Change a limit"
            ) { request in
                let id = Self.parameter("id", request)
                let fields = try Fields(request, "limit")
                let limit = try await store.change { connection, _ in
                    var limit = try connection.find(ResourceLimit.self, id)
                    if fields.has("resource_limit") { limit.resourceLimit = try Self.limit("resource_limit", fields) }
                    if fields.has("description") { limit.description = try fields.text("description", max: 65_535) }
                    try connection.save(limit, named: limit.resourceName)
                    return limit
                }
                return Self.answer(limit, request)
            },
            operation(
                .delete, "/limits/{id}", "delete_limit", policy: IdentityPolicy.admin, success: 204, "Delete a limit"
            ) { request in
                let id = Self.parameter("id", request)
                try await store.change { connection, _ in
                    _ = try connection.find(ResourceLimit.self, id)
                    try connection.execute("DELETE FROM limits WHERE id = ?", [.text(id)])
                }
                return .empty(204)
            },
        ]
    }

    private static func newLimit(_ body: JSONValue, _ connection: Connection) throws -> ResourceLimit {
        let fields = try Fields(object: body)
        var limit = ResourceLimit()
        limit.id = UUID128.random().hex
        limit.projectID = try fields.text("project_id", max: 64) ?? ""
        limit.domainID = try fields.text("domain_id", max: 64) ?? ""
        guard limit.projectID.isEmpty != limit.domainID.isEmpty else {
            throw NovaError(.badRequest, "A limit needs a project_id or a domain_id, and not both.")
        }
        if !limit.projectID.isEmpty { _ = try connection.find(Project.self, limit.projectID) }
        if !limit.domainID.isEmpty { _ = try connection.find(Domain.self, limit.domainID) }
        limit.serviceID = try fields.name("service_id", max: 64)
        limit.regionID = try fields.text("region_id") ?? ""
        limit.resourceName = try fields.name("resource_name")
        limit.resourceLimit = try self.limit("resource_limit", fields)
        limit.description = try fields.text("description", max: 65_535)
        try check(service: limit.serviceID, region: limit.regionID, connection)
        let registered = try connection.row(
            "SELECT 1 FROM registered_limits WHERE service_id = ? AND region_id = ? AND resource_name = ?",
            [.text(limit.serviceID), .text(limit.regionID), .text(limit.resourceName)]
        ) { _ in true }
        guard registered != nil else {
            throw forbidden("there is no registered limit for \(limit.resourceName)")
        }
        try connection.add(limit, named: limit.resourceName)
        return limit
    }

    private static func limit(_ name: String, _ fields: Fields) throws -> Int64 {
        guard let limit = try fields.integer(name) else {
            throw NovaError(.badRequest, "'\(name)' is a required property")
        }
        guard (-1...Int64(Int32.max)).contains(limit) else {
            throw NovaError(.badRequest, "Invalid input for field '\(name)': it is not between -1 and \(Int32.max).")
        }
        return limit
    }

    private static func check(service: String, region: String, _ connection: Connection) throws {
        guard try connection.present(CatalogService.self, service) != nil else {
            throw NovaError(.badRequest, "Could not find service: \(service).")
        }
        guard try region.isEmpty || connection.present(Region.self, region) != nil else {
            throw NovaError(.badRequest, "Could not find region: \(region).")
        }
    }
}
