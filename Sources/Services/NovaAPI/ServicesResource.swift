import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/os-services` (`spec/compute-api.md`).
struct ServicesResource: Sendable {
    private static let update = "os_compute_api:os-services:update"
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, "/os-services", name: "os_compute_api:os-services:list",
                query: Queries.of(["host": .string, "binary": .string]), policy: Rules.admin,
                summary: "Lists daemons.", list),
            word("enable"), word("disable"), word("disable-log-reason"), word("force-down", since: 11),
            byID("{id}"),
            // From 2.53 on the words are ids like others: such that are none.
            byID("enable"), byID("disable"), byID("disable-log-reason"), byID("force-down"),
            Operation(
                .delete, "/os-services/{id}", name: "os_compute_api:os-services:delete", policy: Rules.admin,
                success: 204, summary: "Forgets a daemon that is gone for good.", delete),
        ]
    }

    private func byID(_ segment: String) -> Operation {
        Operation(
            .put, "/os-services/\(segment)", name: Self.update, since: .v(53), body: [BodySchema(Self.changes)],
            policy: Rules.admin, summary: "Enables or disables a compute service, or says that it is down."
        ) { request in
            let id = request.parameters["id"] ?? segment
            guard let service = ServiceID(id) else { throw NovaError(.badRequest, "Invalid uuid \(id)") }
            return try await change(service, request)
        }
    }

    private static let reason = JSONSchema.string(min: 1, max: 255)
    private static let changes = JSONSchema.object(
        properties: [
            "status": .enumeration(["enabled", "disabled"]), "disabled_reason": reason, "forced_down": .boolean,
        ], additional: false)

    // MARK: List

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let wanted = try await DaemonList.load(parts).daemons.filter { daemon in
            (request.query("host").map { $0 == daemon.service.host } ?? true)
                && (request.query("binary").map { $0 == daemon.service.binary } ?? true)
        }
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "services", array: { writer in for daemon in wanted { write(daemon, request, to: &writer) } })
            }
        }
    }

    private func write(_ daemon: DaemonList.Daemon, _ request: APIRequest, to writer: inout JSONWriter) {
        let service = daemon.service
        writer.object { writer in
            if request.atLeast(53) {
                writer.field("id", service.id.description)
            } else {
                writer.field("id", service.sequence)
            }
            writer.field("binary", service.binary)
            writer.field("host", service.host)
            writer.field("zone", daemon.zone)
            writer.field("status", daemon.isEnabled ? "enabled" : "disabled")
            writer.field("state", daemon.isUp ? "up" : "down")
            writer.field("updated_at", service.updatedAt.iso8601Micro)
            writer.field("disabled_reason", daemon.disabledReason)
            if request.atLeast(11) {
                writer.field("forced_down", service.isForcedDown || daemon.host?.isForcedDown == true)
            }
        }
    }

    // MARK: Changes

    /// A change of a daemon; nil leaves as it is.
    private struct Change {
        var isDisabled: Bool?
        var reason: String?
        var isForcedDown: Bool?

        func apply(to service: inout ServiceRecord, _ host: inout HostRecord?) {
            if let isDisabled {
                service.isDisabled = isDisabled
                service.disabledReason = isDisabled ? reason : nil
                host?.isDisabled = isDisabled
                host?.disabledReason = isDisabled ? reason : nil
            }
            if let isForcedDown {
                service.isForcedDown = isForcedDown
                host?.isForcedDown = isForcedDown
                host?.downReason = nil
            }
            host?.updatedAt = .now()
        }
    }

    private func write(
        _ change: Change, _ request: APIRequest,
        _ find: @escaping @Sendable (HostTable) throws -> ServiceRecord?
    ) async throws -> ServiceRecord? {
        let changed = try await parts.database.write { connection -> ServiceRecord? in
            let table = HostTable(connection)
            guard var service = try find(table) else { return nil }
            guard service.binary == "nova-compute" || change.isForcedDown == nil && !request.atLeast(53) else {
                throw NovaError(
                    .badRequest,
                    "Updating a \(service.binary) service is not supported. Only nova-compute services can be updated.")
            }
            var host = service.binary == "nova-compute" ? try table.find(service.host) : nil
            if change.isForcedDown == false, service.isForcedDown {
                try Self.refuseWhileEvacuated(service.host, connection)
            }
            change.apply(to: &service, &host)
            try table.update(service)
            if let host { try table.save(host) }
            return service
        }
        if changed != nil { await parts.tellSchedulers(request.context) }
        return changed
    }

    /// A host whose servers were evacuated comes back only when it has cleaned up.
    private static func refuseWhileEvacuated(_ host: String, _ connection: Connection) throws {
        var filter = MigrationTable.Filter()
        filter.sourceHost = host
        filter.status = "done"
        filter.type = "evacuation"
        filter.limit = 1
        guard try MigrationTable(connection).list(filter).isEmpty else {
            throw NovaError(
                .badRequest,
                "Unable to force up host \(host) as `done` evacuation migration records remain associated with the "
                    + "host. Ensure the compute service has been restarted, allowing these records to move to "
                    + "`completed` before retrying this request.")
        }
    }

    /// Before 2.53 a daemon is named by its host and binary, and what to do by the last word of the path.
    private func word(_ word: String, since: Int = 1) -> Operation {
        var properties: [String: JSONSchema] = ["host": Schemas.hostname, "binary": .string(min: 1, max: 255)]
        var required = ["host", "binary"]
        if word == "disable-log-reason" {
            properties["disabled_reason"] = Self.reason
            required.append("disabled_reason")
        } else {
            properties["disabled_reason"] = Self.reason
        }
        let first = JSONSchema.object(properties: properties, required: required, additional: false)
        properties["forced_down"] = .boolean
        let since11 = JSONSchema.object(properties: properties, required: required, additional: false)
        return Operation(
            .put, "/os-services/\(word)", name: Self.update, since: .v(since), until: .v(52),
            body: [BodySchema(since: .v(1), first), BodySchema(since: .v(11), since11)], policy: Rules.admin,
            summary: "Changes a daemon (\(word))."
        ) { request in try await perform(word, request) }
    }

    private func perform(_ word: String, _ request: APIRequest) async throws -> APIResponse {
        let host = request.body["host"]?.stringValue ?? ""
        let binary = request.body["binary"]?.stringValue ?? ""
        let reason = word == "disable-log-reason" ? request.body["disabled_reason"]?.stringValue : nil
        var change = Change()
        switch word {
        case "enable": change.isDisabled = false
        case "force-down":
            guard let isDown = request.body["forced_down"]?.lenientBool else {
                throw NovaError(.badRequest, "Missing forced_down field")
            }
            change.isForcedDown = isDown
        default:
            change.isDisabled = true
            change.reason = reason
        }
        guard
            let service = try await write(
                change, request, { try $0.service(binary: binary, host: host) })
        else { throw NovaError(.notFound, "Could not find binary \(binary) on host \(host).") }
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "service",
                    object: { writer in
                        writer.field("host", host)
                        writer.field("binary", binary)
                        if word == "force-down" {
                            writer.field("forced_down", service.isForcedDown)
                        } else {
                            writer.field("status", service.isDisabled ? "disabled" : "enabled")
                        }
                        if let reason { writer.field("disabled_reason", reason) }
                    })
            }
        }
    }

    private func change(_ id: ServiceID, _ request: APIRequest) async throws -> APIResponse {
        var change = Change()
        change.isDisabled = request.body["status"]?.stringValue.map { $0 == "disabled" }
        change.reason = request.body["disabled_reason"]?.stringValue
        change.isForcedDown = request.body["forced_down"]?.lenientBool
        guard change.isDisabled != nil || change.isForcedDown != nil else {
            throw NovaError(
                .badRequest, "No updates were requested. Fields 'status' or 'forced_down' should be specified.")
        }
        guard change.reason == nil || change.isDisabled != false else {
            throw NovaError(.badRequest, "Specifying 'disabled_reason' with status 'enabled' is invalid.")
        }
        guard try await write(change, request, { try $0.service(id, sequence: nil) }) != nil else {
            throw NovaError(.notFound, "Service \(id) could not be found.")
        }
        guard let daemon = try await DaemonList.load(parts).daemons.first(where: { $0.service.id == id }) else {
            throw NovaError(.notFound, "Service \(id) could not be found.")
        }
        return .written(200) { writer in
            writer.object { writer in
                writer.key("service")
                write(daemon, request, to: &writer)
            }
        }
    }

    /// A daemon that still runs comes back with its next report.
    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let text = try request.parameter("id")
        let id = request.atLeast(53) ? ServiceID(text) : nil
        let sequence = request.atLeast(53) ? nil : Int64(text)
        guard id != nil || sequence != nil else {
            throw NovaError(
                .badRequest, request.atLeast(53) ? "Invalid uuid \(text)" : "Invalid input: \(text) is no number")
        }
        try await parts.database.write { connection in
            let table = HostTable(connection)
            guard let service = try table.service(id, sequence: sequence) else {
                throw NovaError(.notFound, "Service \(text) could not be found.")
            }
            if service.binary == "nova-compute" {
                guard try ServerTable(connection).onHost(service.host).isEmpty else {
                    throw NovaError(
                        .conflict,
                        "Unable to delete compute service that is hosting instances. Migrate or delete the instances "
                            + "first.")
                }
                let aggregates = AggregateTable(connection)
                for aggregate in try aggregates.list() where aggregate.hosts.contains(service.host) {
                    _ = try aggregates.change(aggregate.sequence) { changed, _ in
                        changed.hosts.removeAll { $0 == service.host }
                    }
                }
            }
            try table.delete(service)
        }
        await parts.tellSchedulers(request.context)
        return .empty(204)
    }
}
