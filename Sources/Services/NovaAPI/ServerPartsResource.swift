import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// What belongs to one server and is only looked at: addresses, interfaces, password, topology, shares,
/// volumes (`spec/compute-api.md`).
struct ServerPartsResource: Sendable {
    let parts: APIParts

    var operations: [Operation] {
        addresses + interfaces + others
    }

    private var others: [Operation] {
        [
            Operation(
                .get, "/servers/{id}/os-server-password", name: "os_compute_api:os-server-password:show",
                query: Queries.none, policy: Rules.reader, summary: "Shows the encrypted password of a server."
            ) { request in
                _ = try await parts.server(request)
                return .written(200) { writer in writer.object { $0.field("password", "") } }
            },
            Operation(
                .delete, "/servers/{id}/os-server-password", name: "os_compute_api:os-server-password:clear",
                policy: Rules.member, success: 204, summary: "Forgets the encrypted password of a server."
            ) { request in
                _ = try await parts.server(request)
                return .empty(204)
            },
            Operation(
                .get, "/servers/{id}/topology", name: "compute:server:topology:index", since: .v(78),
                query: Queries.none, policy: Rules.reader, summary: "Shows the NUMA nodes of a server."
            ) { request in
                _ = try await parts.server(request)
                return .written(200) { writer in
                    writer.object { writer in
                        writer.field("nodes", array: { _ in })
                        writer.null("pagesize_kb")
                    }
                }
            },
            Operation(
                .get, "/servers/{id}/shares", name: "os_compute_api:os-server-shares:index", since: .v(97),
                query: Queries.of([:], strictSince: 97), policy: Rules.reader, summary: "Lists a server's shares."
            ) { request in
                _ = try await parts.server(request)
                return .written(200) { writer in writer.object { $0.field("shares", array: { _ in }) } }
            },
            Operation(
                .get, "/servers/{id}/os-volume_attachments", name: "os_compute_api:os-volumes-attachments:index",
                query: Queries.of(["limit": Schemas.limit, "offset": Schemas.limit]), policy: Rules.reader,
                summary: "Lists a server's volumes."
            ) { request in
                _ = try await parts.server(request)
                return .written(200) { writer in writer.object { $0.field("volumeAttachments", array: { _ in }) } }
            },
            Operation(
                .get, "/servers/{id}/os-volume_attachments/{volume}",
                name: "os_compute_api:os-volumes-attachments:show", query: Queries.none, policy: Rules.reader,
                summary: "Shows a volume of a server."
            ) { request in
                let server = try await parts.server(request)
                throw NovaError(
                    .notFound,
                    "Instance \(server.id) is not attached to volume \(try request.parameter("volume"))")
            },
        ]
    }

    // MARK: Addresses

    private var addresses: [Operation] {
        [
            Operation(
                .get, "/servers/{id}/ips", name: "os_compute_api:ips:index", query: Queries.none, policy: Rules.reader,
                summary: "Lists a server's addresses."
            ) { request in
                let server = try await parts.server(request)
                let view = ServerView(request)
                return .written(200) { writer in
                    writer.object { writer in
                        writer.field(
                            "addresses", object: { view.addresses(server, isExtended: false, to: &$0) })
                    }
                }
            },
            Operation(
                .get, "/servers/{id}/ips/{network}", name: "os_compute_api:ips:show", query: Queries.none,
                policy: Rules.reader, summary: "Lists a server's addresses in one network."
            ) { request in
                let server = try await parts.server(request)
                let network = try request.parameter("network")
                guard server.network.ports.contains(where: { $0.networkName == network }) else {
                    throw NovaError(.notFound, "Instance is not a member of specified network")
                }
                let view = ServerView(request)
                return .written(200) { writer in
                    writer.object { view.addresses(server, of: network, isExtended: false, to: &$0) }
                }
            },
        ]
    }

    // MARK: Interfaces

    private var interfaces: [Operation] {
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
                let id = try request.parameter("port")
                guard let port = server.network.ports.first(where: { $0.portID.description == id }) else {
                    throw NovaError(.notFound, "Instance \(server.id) does not have a port with id \(id)")
                }
                return .written(200) { writer in
                    writer.object { writer in
                        writer.key("interfaceAttachment")
                        Self.write(port, server, request, to: &writer)
                    }
                }
            },
        ]
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
            if request.atLeast(70) { writer.null("tag") }
        }
    }
}
