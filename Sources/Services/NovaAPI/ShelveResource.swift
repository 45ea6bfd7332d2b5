import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore
import NovaWire

/// The server actions `shelve`, `shelveOffload` and `unshelve`.
struct ShelveResource: Sendable {
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .post, "/servers/{id}/action", name: "os_compute_api:os-shelve:shelve", action: "shelve",
                body: ServerSchemas.action("shelve", .any), policy: Rules.member, success: 202,
                summary: "Puts a server away: an image of its disk is kept.", shelve),
            Operation(
                .post, "/servers/{id}/action", name: "os_compute_api:os-shelve:shelve_offload",
                action: "shelveOffload", body: ServerSchemas.action("shelveOffload", .any), policy: Rules.admin,
                success: 202, summary: "Takes a shelved server from its host."
            ) { request in
                try await parts.accept(.shelveOffload, request) { server, connection in
                    try MoveTable(connection).offload(server, request.context)
                }
                return .empty(202)
            },
            Operation(
                .post, "/servers/{id}/action", name: "os_compute_api:os-shelve:unshelve", action: "unshelve",
                body: Self.unshelveBodies, policy: Rules.member, success: 202,
                summary: "Brings a shelved server back.", unshelve),
        ]
    }

    private static let unshelveBodies: [BodySchema] = {
        func body(_ minor: Int, _ properties: [String: JSONSchema], required: [String]) -> BodySchema {
            BodySchema(
                since: .v(minor),
                .wrapped(
                    "unshelve",
                    .nullable(.object(properties: properties, required: required, additional: false))))
        }
        return [
            BodySchema(since: .v(1), .wrapped("unshelve", .any)),
            body(77, ["availability_zone": Schemas.zone], required: ["availability_zone"]),
            body(91, ["availability_zone": .nullable(Schemas.zone), "host": .string(min: 1, max: 255)], required: []),
        ]
    }()

    private func shelve(_ request: APIRequest) async throws -> APIResponse {
        let server = try await parts.server(request)
        guard server.imageID != nil else {
            throw NovaError(.badRequest, "Shelving a server that was booted from a volume is not served yet.")
        }
        let image = try await SnapshotsResource(parts: parts).image(
            of: server, named: "\(server.name)-shelved", type: "snapshot", request)
        try await parts.accept(.shelve, request) { server, connection in
            var state = ShelveState(server.id)
            state.image = image
            state.image.owner = server.projectID
            // The row shows the task already; its vm_state is what it was.
            state.formerState = server.vmState
            state.powerState = server.powerState
            let workflow = WorkflowRecord(
                kind: WorkflowKindName.shelve, server: server.id, context: request.context, data: state.encoded(),
                now: .now())
            try WorkflowTable(connection).insert(workflow)
            return workflow
        }
        return .empty(202)
    }

    private func unshelve(_ request: APIRequest) async throws -> APIResponse {
        let body = request.body["unshelve"] ?? .null
        let zone = request.atLeast(77) ? body["availability_zone"] : nil
        let host = request.atLeast(91) ? body["host"]?.stringValue : nil
        if request.atLeast(91), body.objectValue?.isEmpty == true {
            throw NovaError(
                .badRequest, "Invalid input for field/attribute unshelve. Value: {}. {} should be non-empty")
        }
        if host != nil { try request.requireAdmin("os_compute_api:os-shelve:unshelve_to_host") }
        let hosts = try await parts.database.read { connection in
            (records: try HostTable(connection).list(), zones: try AggregateTable(connection).zones())
        }
        try await parts.accept(.unshelve, request) { server, connection in
            guard let shelved = server.shelved else {
                throw NovaError(.conflict, "Instance \(server.id) has no image of its disk to be unshelved from.")
            }
            let wasOffloaded = server.vmState == .shelvedOffloaded
            var state = UnshelveState(server.id, shelved)
            state.wasOffloaded = wasOffloaded
            state.formerZone = server.availabilityZone
            state.requestedHost = host
            state.network = server.network
            guard wasOffloaded || zone == nil && host == nil else {
                throw NovaError(
                    .conflict,
                    "Specifying an availability zone or a host when unshelving server '\(server.id)' with status "
                        + "'\(server.vmState.rawValue)' is not supported. The server status must be SHELVED_OFFLOADED."
                )
            }
            try Self.check(zone, host, hosts.records, hosts.zones, server)
            if let zone {
                try ServerTable(connection).change(server.id) { $0.availabilityZone = zone.stringValue }
            }
            let workflow = WorkflowRecord(
                kind: WorkflowKindName.unshelve, server: server.id, context: request.context, data: state.encoded(),
                now: .now())
            try WorkflowTable(connection).insert(workflow)
            return workflow
        }
        return .empty(202)
    }

    /// Zone and host must be there, and the host in the zone to which the server is pinned, or is to be.
    private static func check(
        _ zone: JSONValue?, _ host: String?, _ hosts: [HostRecord], _ zones: ZoneMap, _ server: ServerRecord
    ) throws {
        if let name = zone?.stringValue {
            let known = hosts.filter { !$0.isDisabled }.map { zones.zone(of: $0.resources) }
            guard known.contains(name) else {
                throw NovaError(.badRequest, "The requested availability zone is not available")
            }
        }
        guard let host else { return }
        guard let record = hosts.first(where: { $0.resources.host == host }) else {
            throw NovaError(.badRequest, "Compute host \(host) could not be found.")
        }
        let pinned = zone == nil ? server.availabilityZone : zone?.stringValue
        guard let pinned, zones.zone(of: record.resources) != pinned else { return }
        throw NovaError(
            .conflict, "Host \"\(host)\" is not in the availability zone \"\(pinned)\".")
    }
}
