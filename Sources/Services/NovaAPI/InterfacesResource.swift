import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore
import NovaWire

/// `/servers/{id}/os-interface`: the ports of a server (`spec/compute-api.md`).
struct InterfacesResource: Sendable {
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, "/servers/{id}/os-interface", name: "os_compute_api:os-attach-interfaces:list",
                query: Queries.none, policy: Rules.reader, summary: "Lists a server's ports."
            ) { request in
                let server = try await parts.server(request)
                return .written(200) { writer in
                    writer.object { writer in
                        writer.field(
                            "interfaceAttachments",
                            array: { writer in
                                for port in server.network.ports { Self.write(port, server, request, to: &writer) }
                            })
                    }
                }
            },
            Operation(
                .get, "/servers/{id}/os-interface/{port}", name: "os_compute_api:os-attach-interfaces:show",
                query: Queries.none, policy: Rules.reader, summary: "Shows a port of a server."
            ) { request in
                let server = try await parts.server(request)
                return Self.answer(try Self.port(request, of: server), server, request)
            },
            Operation(
                .post, "/servers/{id}/os-interface", name: "os_compute_api:os-attach-interfaces:create",
                body: Self.schemas, policy: Rules.member, summary: "Gives a server another port.", attach),
            Operation(
                .delete, "/servers/{id}/os-interface/{port}", name: "os_compute_api:os-attach-interfaces:delete",
                policy: Rules.member, success: 202, summary: "Takes a port from a server.", detach),
        ]
    }

    private static let schemas: [BodySchema] = {
        func body(_ more: [String: JSONSchema]) -> JSONSchema {
            let address = JSONSchema.object(
                properties: ["ip_address": Schemas.ip], required: ["ip_address"], additional: false)
            let properties: [String: JSONSchema] = [
                "net_id": .uuid, "port_id": .uuid, "fixed_ips": .array(address, min: 1, max: 1),
            ]
            return .object(
                properties: [
                    "interfaceAttachment": .object(
                        properties: properties.merging(more) { $1 }, additional: false)
                ], additional: false)
        }
        return [
            BodySchema(since: .v(1), body([:])), BodySchema(since: .v(49), body(["tag": Schemas.tag])),
        ]
    }()

    // MARK: Attaching

    /// Waits until the guest has it, as Nova does; the workflow goes on when the client does not wait.
    private func attach(_ request: APIRequest) async throws -> APIResponse {
        let wanted = try Self.wanted(request)
        let (server, workflow) = try await parts.write(
            .attachInterface, request, WorkflowKindName.attachInterface
        ) { server in
            let state = AttachInterfaceState(server.id, wanted)
            try state.check(server)
            return state
        }
        parts.wakeConductor(workflow, request.context)
        let state: AttachInterfaceState
        do {
            state = try AttachInterfaceState(decoding: try await parts.end(of: workflow).data.bytes)
        } catch {
            throw Self.asFault(NovaError(error), server.id)
        }
        guard let port = state.port else {
            throw NovaError(.internal, "The interface has no port.", details: "workflow \(workflow)")
        }
        return Self.answer(port, server, request)
    }

    private static func wanted(_ request: APIRequest) throws -> RequestedNetwork {
        let body = request.body["interfaceAttachment"] ?? .null
        let network = body["net_id"]?.stringValue.flatMap { NetworkID($0) }
        let port = body["port_id"]?.stringValue.flatMap { PortID($0) }
        let address = body["fixed_ips"]?.arrayValue?.first?["ip_address"]?.stringValue
        let tag = body["tag"]?.stringValue
        guard network == nil || port == nil else {
            throw NovaError(.badRequest, "Must not input both network_id and port_id")
        }
        guard address == nil || network != nil else {
            throw NovaError(.badRequest, "Must input network_id when request IP address")
        }
        if let port { return RequestedNetwork(.port, port: port, tag: tag) }
        guard let network else { return RequestedNetwork(.auto, tag: tag) }
        return RequestedNetwork(.network, network: network, fixedIP: address, tag: tag)
    }

    private static func asFault(_ error: NovaError, _ id: ServerID) -> NovaError {
        switch error.code {
        case .notImplemented:
            NovaError(
                .badRequest, "Attaching interfaces is not supported for instance \(id).", details: error.description)
        case .hypervisor, .timeout:
            NovaError(
                .hypervisor, "Failed to attach network adapter device to \(id)", details: error.description)
        default: error
        }
    }

    // MARK: Detaching

    private func detach(_ request: APIRequest) async throws -> APIResponse {
        _ = try await parts.accept(.detachInterface, request, WorkflowKindName.detachInterface) { server in
            DetachInterfaceState(server.id, try Self.port(request, of: server))
        }
        return .empty(202)
    }

    // MARK: Answers

    private static func port(_ request: APIRequest, of server: ServerRecord) throws -> PortBinding {
        let id = try request.parameter("port")
        guard let port = server.network.ports.first(where: { $0.portID.description == id }) else {
            throw NovaError(.notFound, "Instance \(server.id) does not have a port with id \(id)")
        }
        return port
    }

    private static func answer(_ port: PortBinding, _ server: ServerRecord, _ request: APIRequest) -> APIResponse {
        .written(200) { writer in
            writer.object { writer in
                writer.key("interfaceAttachment")
                write(port, server, request, to: &writer)
            }
        }
    }

    private static func write(
        _ port: PortBinding, _ server: ServerRecord, _ request: APIRequest, to writer: inout JSONWriter
    ) {
        writer.object { writer in
            writer.field("port_state", server.vmState == .building ? "DOWN" : "ACTIVE")
            writer.field("port_id", port.portID.description)
            writer.field("net_id", port.networkID.description)
            writer.field("mac_addr", port.mac)
            writer.field(
                "fixed_ips",
                array: { writer in
                    writer.object { writer in
                        writer.field("ip_address", port.fixedIP)
                        writer.field("subnet_id", port.subnetID?.description ?? port.networkID.description)
                    }
                })
            guard request.atLeast(70) else { return }
            if let tag = port.tag { writer.field("tag", tag) } else { writer.null("tag") }
        }
    }
}
