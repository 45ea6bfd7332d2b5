import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// What belongs to one server and is only looked at: addresses, password, topology, shares,
/// volumes (`spec/compute-api.md`).
struct ServerPartsResource: Sendable {
    let parts: APIParts

    var operations: [Operation] {
        addresses + others
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
}
