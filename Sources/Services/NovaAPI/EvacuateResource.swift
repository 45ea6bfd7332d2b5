import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// The server action `evacuate`: only from a host that an administrator has declared down.
struct EvacuateResource: Sendable {
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .post, "/servers/{id}/action", name: "os_compute_api:os-evacuate", action: "evacuate",
                body: Self.bodies, policy: Rules.admin,
                summary: "Makes a server anew on another host, when its own is down.", evacuate)
        ]
    }

    private static let bodies: [BodySchema] = {
        var properties: [String: JSONSchema] = [
            "host": Schemas.hostname, "onSharedStorage": .boolean, "adminPass": .string(min: 0, max: 255),
        ]
        var required = ["onSharedStorage"]
        func body(_ minor: Int) -> BodySchema {
            BodySchema(
                since: .v(minor),
                .wrapped("evacuate", .object(properties: properties, required: required, additional: false)))
        }
        var bodies = [body(1)]
        properties["onSharedStorage"] = nil
        required = []
        bodies.append(body(14))
        properties["force"] = .boolean
        bodies.append(body(29))
        properties["force"] = nil
        bodies.append(body(68))
        return bodies
    }()

    private func evacuate(_ request: APIRequest) async throws -> APIResponse {
        let body = request.body["evacuate"] ?? .null
        let host = body["host"]?.stringValue
        let isForced = body["force"]?.lenientBool ?? !request.atLeast(29)
        guard host != nil || body["force"]?.lenientBool != true else {
            throw NovaError(.badRequest, "Can't force to a non-provided destination")
        }
        guard body["onSharedStorage"]?.lenientBool != true else {
            throw NovaError(.badRequest, "The disks of this cloud's servers are not on shared storage.")
        }
        let server = try await parts.server(request)
        var image: ImageReference?
        if let id = server.imageID {
            image = try await parts.image(id, request)
            guard image?.status == "active" else {
                throw NovaError(
                    .badRequest, "Image \(id) could not be found: without it the server cannot be made anew.")
            }
        }
        let endsStopped = request.atLeast(95)
        try await parts.accept(.evacuate, request) { [parts, image] server, connection in
            let source = try parts.host(of: server)
            try Self.check(source, host, HostTable(connection))
            return try MoveTable(connection).begin(
                WorkflowKindName.evacuate, type: "evacuation", of: server, to: server.flavor, request.context
            ) { state in
                state.image = image
                if isForced { state.forcedHost = host } else { state.requestedHost = host }
                state.endsStopped = endsStopped || server.vmState == .stopped
            }
        }
        guard !request.atLeast(14) else { return .empty(200) }
        let password = body["adminPass"]?.stringValue ?? AdminPassword.random()
        return .written(200) { writer in writer.object { $0.field("adminPass", password) } }
    }

    private static func check(_ source: String, _ target: String?, _ table: HostTable) throws {
        // Missed reports alone prove nothing: the guest may run on, and must not run twice.
        guard try table.isForcedDown(source) else {
            throw NovaError(
                .badRequest,
                "Compute service of \(source) is still in use. Switch it off by its fence agent (novactl host fence \(source)), or make sure that it is off "
                    + "and declare it down: "
                    + "openstack compute service set --down \(source) nova-compute")
        }
        guard let target else { return }
        guard target != source else { throw NovaError(.badRequest, "The target host can't be the same one.") }
        guard try table.find(target) != nil else {
            throw NovaError(.badRequest, "Compute host \(target) could not be found.")
        }
    }
}
