import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/os-migrations` and `/servers/{id}/migrations` (`spec/compute-api.md`).
struct MigrationsResource: Sendable {
    private static let hostRule = "os_compute_api:os-migrations:index:host"
    private static let ofServer = "/servers/{id}/migrations"
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, "/os-migrations", name: "os_compute_api:os-migrations:index", query: Self.query,
                policy: Rules.manager, summary: "Lists moves of servers.", list),
            Operation(
                .get, Self.ofServer, name: "os_compute_api:servers:migrations:index", since: .v(23),
                query: Queries.none, policy: Rules.manager, summary: "Lists a server's live migrations in progress."
            ) { request in
                let server = try await parts.server(request)
                let migrations = try await inProgress(server)
                return .written(200) { writer in
                    writer.object { writer in
                        writer.field(
                            "migrations",
                            array: { writer in
                                for migration in migrations {
                                    writer.object { writeOfServer(migration, request, to: &$0) }
                                }
                            })
                    }
                }
            },
            Operation(
                .get, Self.ofServer + "/{migration}", name: "os_compute_api:servers:migrations:show", since: .v(23),
                query: Queries.none, policy: Rules.admin, summary: "Shows a server's live migration in progress."
            ) { request in
                let server = try await parts.server(request)
                let found = try await liveMigration(try request.parameter("migration"), server)
                return .written(200) { writer in
                    writer.object { writer in
                        writer.field("migration", object: { writeOfServer(found, request, to: &$0) })
                    }
                }
            },
        ]
    }

    private static let query = Queries.of(
        [
            "hidden": .string, "host": .string, "instance_uuid": .string, "source_compute": .string, "status": .string,
            "migration_type": .string,
        ], strictSince: 59,
        changes: [
            59: ["limit": Schemas.limit, "marker": .string, "changes-since": Schemas.dateTime],
            66: ["changes-before": Schemas.dateTime], 80: ["user_id": .string, "project_id": .string],
        ])

    private func inProgress(_ server: ServerRecord) async throws -> [MigrationRecord] {
        var filter = MigrationTable.Filter()
        filter.server = server.id
        return try await parts.database.scan { [filter] in try MigrationTable($0).list(filter) }
            .filter(\.isInProgress)
    }

    /// A server's live migration in progress by its number, else why it is none.
    private func liveMigration(_ number: String, _ server: ServerRecord) async throws -> MigrationRecord {
        let found = try await parts.database.read { connection in
            try Int64(number).flatMap { try MigrationTable(connection).find($0, of: server.id) }
        }
        guard let found else {
            throw NovaError(.notFound, "Migration \(number) not found for instance \(server.id)")
        }
        guard found.type == "live-migration" else {
            throw NovaError(.notFound, "Migration \(number) for server \(server.id) is not live-migration.")
        }
        guard found.isInProgress else {
            throw NovaError(.notFound, "Live migration \(number) for server \(server.id) is not in progress.")
        }
        return found
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let filter = try filter(request)
        let migrations = try await parts.database.scan { try MigrationTable($0).list(filter) }
        let isFull = request.atLeast(59) && filter.limit > 0 && Int64(migrations.count) == filter.limit
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "migrations",
                    array: { writer in
                        for migration in migrations { writer.object { write(migration, request, to: &$0) } }
                    })
                Links(request).writeNext(
                    "migrations", request, marker: isFull ? migrations.last?.id.description : nil, to: &writer)
            }
        }
    }

    private func filter(_ request: APIRequest) throws -> MigrationTable.Filter {
        let caller = try request.caller
        var filter = MigrationTable.Filter()
        filter.limit = parts.maxLimit
        if let text = request.query("instance_uuid") { filter.server = ServerID(text) ?? ServerID.none }
        filter.host = caller.isAdmin ? request.query("host") : nil
        filter.sourceHost = caller.isAdmin ? request.query("source_compute") : nil
        filter.status = request.query("status")
        filter.type = request.query("migration_type")
        filter.isHidden = request.query("hidden").flatMap { JSONValue.string($0).lenientBool }
        if !caller.isAdmin { filter.project = try request.project }
        if request.atLeast(59) {
            let paging = try Paging(request, maximum: parts.maxLimit)
            filter.limit = paging.limit
            if let marker = paging.marker {
                guard let id = MigrationID(marker) else {
                    throw NovaError(.badRequest, "Marker \(marker) could not be found.")
                }
                filter.marker = id
            }
            filter.changedSince = try time("changes-since", request)
        }
        if request.atLeast(66) { filter.changedBefore = try time("changes-before", request) }
        if let since = filter.changedSince, let before = filter.changedBefore, since > before {
            throw NovaError(.badRequest, "The value of changes-since must be less than or equal to changes-before.")
        }
        if request.atLeast(80) {
            if let user = request.query("user_id") { filter.user = UserID(user) }
            if let project = request.query("project_id"), caller.isAdmin { filter.project = ProjectID(project) }
        }
        return filter
    }

    private func time(_ name: String, _ request: APIRequest) throws -> Timestamp? {
        guard let text = request.query(name) else { return nil }
        if let time = Timestamp(iso8601: text) { return time }
        throw NovaError(
            .badRequest, "Invalid input for query parameters \(name). Value: \(text). '\(text)' is not a 'date-time'")
    }

    // MARK: Views

    private func write(_ migration: MigrationRecord, _ request: APIRequest, to writer: inout JSONWriter) {
        writer.field("id", migration.sequence)
        writer.field("instance_uuid", migration.serverID.description)
        hosts(migration, request, to: &writer)
        writer.field("status", migration.status)
        writer.field("old_instance_type_id", migration.oldFlavor)
        writer.field("new_instance_type_id", migration.newFlavor)
        times(migration, request, to: &writer)
        guard request.atLeast(23) else { return }
        writer.field("migration_type", migration.type)
        guard migration.isInProgress else { return }
        Links(request).write("servers/\(migration.serverID)/migrations", String(migration.sequence), to: &writer)
    }

    private func writeOfServer(_ migration: MigrationRecord, _ request: APIRequest, to writer: inout JSONWriter) {
        writer.field("id", migration.sequence)
        writer.field("server_uuid", migration.serverID.description)
        hosts(migration, request, to: &writer)
        writer.field("status", migration.status)
        let figures = migration.figures
        writer.field("memory_total_bytes", known(figures?.memoryTotal))
        writer.field("memory_processed_bytes", known(figures?.memoryProcessed))
        writer.field("memory_remaining_bytes", known(figures?.memoryRemaining))
        writer.field("disk_total_bytes", known(figures?.diskTotal))
        writer.field("disk_processed_bytes", known(figures?.diskProcessed))
        writer.field("disk_remaining_bytes", known(figures?.diskRemaining))
        times(migration, request, to: &writer)
    }

    /// Nova shows nothing where it counts nothing.
    private func known(_ bytes: Int64?) -> Int64? { bytes.flatMap { $0 > 0 ? $0 : nil } }

    /// Users do not see hosts.
    private func hosts(_ migration: MigrationRecord, _ request: APIRequest, to writer: inout JSONWriter) {
        let isOperator = request.callerIfAny?.isAdmin == true
        writer.field("source_compute", isOperator ? migration.sourceHost : nil)
        writer.field("source_node", isOperator ? migration.sourceNode : nil)
        writer.field("dest_compute", isOperator ? migration.targetHost : nil)
        writer.field("dest_node", isOperator ? migration.targetNode : nil)
        writer.field("dest_host", isOperator ? migration.targetAddress : nil)
    }

    private func times(_ migration: MigrationRecord, _ request: APIRequest, to writer: inout JSONWriter) {
        writer.field("created_at", migration.createdAt.iso8601Micro)
        writer.field("updated_at", migration.updatedAt?.iso8601Micro)
        if request.atLeast(59) { writer.field("uuid", migration.id.description) }
        if request.atLeast(80) {
            writer.field("user_id", migration.userID.text)
            writer.field("project_id", migration.projectID.text)
        }
    }
}
