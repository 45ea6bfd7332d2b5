import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// The server actions `resize`, `migrate`, `confirmResize` and `revertResize`.
struct ResizeResource: Sendable {
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .post, "/servers/{id}/action", name: "os_compute_api:servers:resize", action: "resize",
                body: ServerSchemas.action("resize", Self.resizeBody), policy: Rules.member, success: 202,
                summary: "Gives a server another flavor, mostly on another host.", resize),
            Operation(
                .post, "/servers/{id}/action", name: "os_compute_api:os-migrate-server:migrate", action: "migrate",
                body: Self.migrateBodies, policy: Rules.manager, success: 202,
                summary: "Brings a server to another host.", migrate),
            Operation(
                .post, "/servers/{id}/action", name: "os_compute_api:servers:confirm_resize", action: "confirmResize",
                body: ServerSchemas.action("confirmResize", .any), policy: Rules.member, success: 204,
                summary: "Says that a server stays as its resize has made it."
            ) { request in
                try await parts.accept(.confirmResize, request) { server, connection in
                    try MoveTable(connection).confirm(server, request.context)
                }
                return .empty(204)
            },
            Operation(
                .post, "/servers/{id}/action", name: "os_compute_api:servers:revert_resize", action: "revertResize",
                body: ServerSchemas.action("revertResize", .any), policy: Rules.member, success: 202,
                summary: "Makes a server what it was before its resize.", revert),
        ]
    }

    private static let resizeBody = JSONSchema.object(
        properties: [
            "flavorRef": .anyOf([.string(min: 1), .integer(min: 0)]),
            "OS-DCF:diskConfig": .enumeration(["AUTO", "MANUAL"]),
        ], required: ["flavorRef"], additional: false)

    private static let migrateBodies = [
        BodySchema(since: .v(1), .wrapped("migrate", .any)),
        BodySchema(
            since: .v(56),
            .wrapped(
                "migrate",
                .nullable(.object(properties: ["host": .nullable(Schemas.hostname)], additional: false)))),
    ]

    private func resize(_ request: APIRequest) async throws -> APIResponse {
        let body = request.body["resize"] ?? .null
        let server = try await parts.server(request)
        let flavor = try await flavor(body, request)
        try Self.check(flavor, for: server)
        let image = try await image(of: server, request)
        if let image { try ServerCreation(parts: parts).checkImage(image, flavor) }
        let properties = server.imageProperties?.properties ?? image?.properties ?? [:]
        _ = try HardwareRules.decide(flavor, image: properties)
        let diskConfig = body["OS-DCF:diskConfig"]?.stringValue
        let isUnlimited = parts.quota.isUnlimited(try request.caller.projectName)
        try await parts.accept(.resize, request) { [parts] server, connection in
            try Self.check(flavor, for: server)
            try HostTable(connection).requireUp(try parts.host(of: server))
            if !isUnlimited {
                let limits = try parts.quota.allLimits(of: server.projectID, user: server.userID, connection)
                try Quota.checkGrowth(of: server, to: flavor, limits, connection)
            }
            if let diskConfig {
                try ServerTable(connection).change(server.id) { $0.hasAutoDiskConfig = diskConfig == "AUTO" }
            }
            return try MoveTable(connection).begin(
                WorkflowKindName.resize, type: "resize", of: server, to: flavor, request.context
            ) { $0.image = image }
        }
        return .empty(202)
    }

    private func flavor(_ body: JSONValue, _ request: APIRequest) async throws -> Flavor {
        let caller = try request.caller
        let reference = body["flavorRef"].map { $0.stringValue ?? $0.text } ?? ""
        let id = reference.split(separator: "/").last.map(String.init) ?? reference
        let found = try await parts.database.read {
            try FlavorTable($0).find(id, for: caller.projectID, isAdmin: caller.isAdmin)
        }
        guard let found, !found.isDisabled else {
            throw NovaError(.badRequest, "Flavor \(id) could not be found.")
        }
        return found
    }

    /// Disks only grow.
    private static func check(_ flavor: Flavor, for server: ServerRecord) throws {
        guard flavor.id != server.flavor.id else {
            throw NovaError(.badRequest, "When resizing, instances must change flavor!")
        }
        guard flavor.rootGB > 0 || server.flavor.rootGB == 0 else {
            throw NovaError(
                .badRequest, "Server disk was unable to be resized because: Resize to zero disk flavor is not allowed.")
        }
        guard flavor.rootGB >= server.flavor.rootGB, flavor.ephemeralGB >= server.flavor.ephemeralGB else {
            throw NovaError(
                .badRequest,
                "Server disk was unable to be resized because: The flavor's disks are smaller than the server's.")
        }
    }

    private func migrate(_ request: APIRequest) async throws -> APIResponse {
        let host = request.body["migrate"]?["host"]?.stringValue
        if host != nil { try request.requireAdmin("os_compute_api:os-migrate-server:migrate:host") }
        let server = try await parts.server(request)
        let image = try await image(of: server, request)
        try await parts.accept(.migrate, request) { [parts] server, connection in
            let source = try parts.host(of: server)
            let table = HostTable(connection)
            try table.requireUp(source)
            if let host {
                guard host != source else {
                    throw NovaError(.badRequest, "Cannot migrate to the host where the server exists.")
                }
                guard try table.find(host) != nil else {
                    throw NovaError(.badRequest, "Compute host \(host) could not be found.")
                }
            }
            return try MoveTable(connection).begin(
                WorkflowKindName.resize, type: "migration", of: server, to: server.flavor, request.context
            ) { state in
                state.image = image
                state.requestedHost = host
            }
        }
        return .empty(202)
    }

    private func revert(_ request: APIRequest) async throws -> APIResponse {
        let image = try await image(of: try await parts.server(request), request)
        try await parts.accept(.revertResize, request) { server, connection in
            try MoveTable(connection).revert(server, image: image, request.context)
        }
        return .empty(202)
    }

    /// What the server was made from; an image that was deleted is needed no more.
    private func image(of server: ServerRecord, _ request: APIRequest) async throws -> ImageReference? {
        guard let id = server.imageID else { return nil }
        return try await parts.image(id, request)
    }
}

extension HostTable {
    /// - Throws: ``NovaError`` `conflict` when an operator has said that a compute host is down.
    func requireUp(_ host: String) throws {
        guard try !isForcedDown(host) else {
            throw NovaError(.conflict, "Service is unavailable at this time.", details: "\(host) is forced down")
        }
    }
}

extension APIRequest {
    /// - Throws: ``NovaError`` `forbidden` for others than administrators.
    func requireAdmin(_ rule: String) throws {
        guard try caller.isAdmin else {
            throw NovaError(.forbidden, "Policy doesn't allow \(rule) to be performed.")
        }
    }
}
