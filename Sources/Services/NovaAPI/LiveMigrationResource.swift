import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// The server action `os-migrateLive`, and what operators do with a live migration that is under way.
struct LiveMigrationResource: Sendable {
    private static let migration = "/servers/{id}/migrations/{migration}"
    private static let hostRule = "os_compute_api:os-migrate-server:migrate_live:host"

    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .post, "/servers/{id}/action", name: "os_compute_api:os-migrate-server:migrate_live",
                action: "os-migrateLive", body: Self.bodies, policy: Rules.manager, success: 202,
                summary: "Brings a running server to another host.", migrate),
            Operation(
                .post, Self.migration + "/action", name: "os_compute_api:servers:migrations:force_complete",
                action: "force_complete", since: .v(22), body: ServerSchemas.action("force_complete", .null),
                policy: Rules.manager, success: 202, summary: "Brings a live migration to its end at the guest's cost."
            ) { request in
                try await steer(request, .forceComplete, "force complete", from: ["running"])
                return .empty(202)
            },
            Operation(
                .delete, Self.migration, name: "os_compute_api:servers:migrations:delete", since: .v(24),
                policy: Rules.manager, success: 202, summary: "Aborts a live migration."
            ) { request in
                let states = request.atLeast(65) ? ["running", "queued", "preparing"] : ["running"]
                try await steer(request, .abort, "abort live migration", from: states)
                return .empty(202)
            },
        ]
    }

    private static let bodies: [BodySchema] = {
        var properties: [String: JSONSchema] = [
            "block_migration": .boolean, "disk_over_commit": .boolean, "host": .nullable(Schemas.hostname),
        ]
        var required = ["block_migration", "disk_over_commit", "host"]
        func body(_ minor: Int) -> BodySchema {
            BodySchema(
                since: .v(minor),
                .wrapped("os-migrateLive", .object(properties: properties, required: required, additional: false)))
        }
        var bodies = [body(1)]
        properties["disk_over_commit"] = nil
        properties["block_migration"] = .anyOf([.boolean, .enumeration(["auto"])])
        required = ["block_migration", "host"]
        bodies.append(body(25))
        properties["force"] = .boolean
        bodies.append(body(30))
        properties["force"] = nil
        bodies.append(body(68))
        return bodies
    }()

    // MARK: Beginning

    private func migrate(_ request: APIRequest) async throws -> APIResponse {
        let body = request.body["os-migrateLive"] ?? .null
        let host = body["host"]?.stringValue
        // Without a word about it, old clients got the host that they named.
        let isForced = body["force"]?.lenientBool ?? !request.atLeast(30)
        guard host != nil || body["force"]?.lenientBool != true else {
            throw NovaError(.badRequest, "Can't force to a non-provided destination")
        }
        if host != nil { try request.requireAdmin(Self.hostRule) }
        let server = try await parts.server(request)
        guard body["block_migration"]?.lenientBool != false else {
            throw NovaError(
                .badRequest,
                "\(server.host ?? "The server's host") is not on shared storage: Shared storage live-migration requires "
                    + "either shared storage or boot-from-volume with no local disks.")
        }
        let image: ImageReference? =
            if let id = server.imageID { try await parts.image(id, request) } else { nil }
        let allowsOvercommit = body["disk_over_commit"]?.lenientBool ?? true
        try await parts.accept(.liveMigrate, request) { [parts] server, connection in
            let source = try parts.host(of: server)
            try Self.check(server, source, host, HostTable(connection))
            return try MoveTable(connection).beginLive(server, request.context) { state in
                state.move.image = image
                state.allowsOvercommit = allowsOvercommit
                if isForced { state.move.forcedHost = host } else { state.move.requestedHost = host }
            }
        }
        return .empty(202)
    }

    private static func check(_ server: ServerRecord, _ source: String, _ target: String?, _ table: HostTable) throws {
        for host in [source, target].compactMap(\.self) where try table.isForcedDown(host) {
            throw NovaError(.badRequest, "Compute service of \(host) is unavailable at this time.")
        }
        guard let target else { return }
        guard target != source else {
            throw NovaError(.badRequest, "Unable to migrate instance (\(server.id)) to current host (\(target)).")
        }
        guard try table.find(target) != nil else {
            throw NovaError(.badRequest, "Compute host \(target) could not be found.")
        }
    }

    // MARK: Steering

    /// Writes down what an operator wants; the host that the guest leaves hears it with the answer to its next report.
    private func steer(
        _ request: APIRequest, _ wish: MigrationWish, _ method: String, from states: [String]
    ) async throws {
        let number = try request.parameter("migration")
        let id = try await parts.server(request).id
        let isAdmin = try request.caller.isAdmin
        let context = request.context
        let action: ServerAction = wish == .abort ? .abortLiveMigration : .forceComplete
        try await parts.database.write { connection in
            guard let server = try ServerTable(connection).find(id) else {
                throw NovaError(.notFound, "Instance \(id) could not be found.")
            }
            try action.checkLock(server, isAdmin: isAdmin)
            try action.check(server)
            guard let migration = try Int64(number).flatMap({ try MigrationTable(connection).find($0, of: id) }) else {
                throw NovaError(
                    wish == .abort ? .notFound : .badRequest, "Migration \(number) not found for instance \(id)")
            }
            guard migration.type == "live-migration", states.contains(migration.status) else {
                throw NovaError(
                    .badRequest,
                    "Migration \(number) state of instance \(id) is \(migration.status). Cannot \(method) while the "
                        + "migration is in this state.")
            }
            try MigrationTable(connection).change(migration.id) { $0.wish = wish }
            let kind = wish == .abort ? WorkflowKindName.abortLiveMigration : WorkflowKindName.forceComplete
            let workflow = WorkflowRecord(kind: kind, server: id, context: context, data: [])
            try WorkflowTable(connection).insert(workflow, endedBy: .success(()))
        }
    }
}
