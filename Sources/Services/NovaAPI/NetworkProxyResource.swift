import NovaCore
import NovaHTTP
import NovaSchema

/// `/os-networks`, `/os-tenant-networks` and what else was the network service's before 2.36 (`spec/compute-api.md`).
struct NetworkProxyResource: Sendable {
    let parts: APIParts

    var operations: [Operation] { networks + ofTenants + addresses }

    private var networks: [Operation] {
        [
            Operation(
                .get, "/os-networks", name: "os_compute_api:os-networks:list", until: .v(35), policy: Rules.reader,
                summary: "Lists networks."
            ) { request in
                try await list(request) { Self.full($0, to: &$1) }
            },
            Operation(
                .get, "/os-networks/{id}", name: "os_compute_api:os-networks:show", until: .v(35),
                policy: Rules.reader, summary: "Shows a network."
            ) { request in
                try await show(request) { Self.full($0, to: &$1) }
            },
        ]
    }

    private var ofTenants: [Operation] {
        [
            Operation(
                .get, "/os-tenant-networks", name: "os_compute_api:os-tenant-networks:list", until: .v(35),
                policy: Rules.reader, summary: "Lists networks briefly."
            ) { request in
                try await list(request) { Self.brief($0, to: &$1) }
            },
            Operation(
                .get, "/os-tenant-networks/{id}", name: "os_compute_api:os-tenant-networks:show", until: .v(35),
                policy: Rules.reader, summary: "Shows a network briefly."
            ) { request in
                try await show(request) { Self.brief($0, to: &$1) }
            },
        ]
    }

    /// There are no floating addresses.
    private var addresses: [Operation] {
        [
            Operation(
                .get, "/os-floating-ip-pools", name: "os_compute_api:os-floating-ip-pools", until: .v(35),
                policy: Rules.anyone, summary: "Lists pools of floating addresses."
            ) { _ in .written(200) { writer in writer.object { $0.field("floating_ip_pools", array: { _ in }) } } },
            Operation(
                .get, "/os-floating-ips", name: "os_compute_api:os-floating-ips:list", until: .v(35),
                policy: Rules.reader, summary: "Lists floating addresses."
            ) { _ in .written(200) { writer in writer.object { $0.field("floating_ips", array: { _ in }) } } },
            Operation(
                .get, "/os-floating-ips/{id}", name: "os_compute_api:os-floating-ips:show", until: .v(35),
                policy: Rules.reader, summary: "Shows a floating address."
            ) { request in
                throw NovaError(.notFound, "Floating IP not found for ID \(try request.parameter("id"))")
            },
            Operation(
                .post, "/os-floating-ips", name: "os_compute_api:os-floating-ips:create", until: .v(35),
                body: [BodySchema(.any)], bodyIsOptional: true, policy: Rules.member,
                summary: "Takes a floating address."
            ) { _ in throw NovaError(.notFound, "Floating IP pool not found.") },
        ]
    }

    private typealias Write = (JSONValue, inout JSONWriter) -> Void

    private func list(_ request: APIRequest, _ write: Write) async throws -> APIResponse {
        let answer = try await parts.networks.send("GET", "/v2.0/networks", request)
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "networks",
                    array: { writer in for network in answer["networks"]?.arrayValue ?? [] { write(network, &writer) } }
                )
            }
        }
    }

    private func show(_ request: APIRequest, _ write: Write) async throws -> APIResponse {
        guard let id = NetworkID(try request.parameter("id")) else { throw NovaError(.notFound, "Network not found") }
        let answer = try await parts.networks.send("GET", "/v2.0/networks/\(id)", request)
        return .written(200) { writer in
            writer.object { writer in
                writer.key("network")
                write(answer["network"] ?? .null, &writer)
            }
        }
    }

    private static func brief(_ network: JSONValue, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", network["id"]?.stringValue)
            writer.field("label", network["name"]?.stringValue)
            writer.field("cidr", "None")
        }
    }

    /// Most members are of the time when the original had networks of its own.
    private static func full(_ network: JSONValue, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", network["id"]?.stringValue)
            writer.field("label", network["name"]?.stringValue)
            for name in [
                "broadcast", "cidr", "cidr_v6", "dns1", "dns2", "gateway", "gateway_v6", "netmask", "netmask_v6",
            ] { writer.null(name) }
        }
    }
}
