import NovaCore
import NovaHTTP
import NovaSchema

/// What the API no longer has: every call answers 410 (`spec/compute-api.md`, "Removed resources").
enum RemovedResource {
    static let operations: [Operation] =
        paths.flatMap { path, verbs in verbs.map { operation($0, path) } }
        + actions.flatMap { path, names in names.map { action($0, path) } }

    private static let paths: [(String, [HTTPVerb])] = [
        ("/os-agents", [.get, .post]), ("/os-agents/{id}", [.put, .delete]), ("/os-cells", [.get, .post]),
        ("/os-cells/capacities", [.get]), ("/os-cells/detail", [.get]), ("/os-cells/info", [.get]),
        ("/os-cells/sync_instances", [.post]), ("/os-cells/{id}", [.get, .put, .delete]),
        ("/os-cells/{id}/capacities", [.get]), ("/os-certificates", [.post]), ("/os-certificates/{id}", [.get]),
        ("/os-cloudpipe", [.get, .post]), ("/os-cloudpipe/{id}", [.put]), ("/os-floating-ip-dns", [.get]),
        ("/os-floating-ip-dns/{id}", [.put, .delete]),
        ("/os-floating-ip-dns/{domain}/entries/{id}", [.get, .put, .delete]),
        ("/os-floating-ips-bulk", [.get, .post]), ("/os-floating-ips-bulk/{id}", [.get, .put]), ("/os-fping", [.get]),
        ("/os-fping/{id}", [.get]), ("/os-security-group-default-rules", [.get, .post]),
        ("/os-security-group-default-rules/{id}", [.get, .delete]), ("/servers/{id}/consoles", [.get, .post]),
        ("/servers/{id}/consoles/{console}", [.get, .delete]), ("/servers/{id}/os-virtual-interfaces", [.get]),
        ("/os-fixed-ips/{id}", [.get]), ("/os-networks", [.post]), ("/os-networks/add", [.post]),
        ("/os-networks/{id}", [.delete]), ("/os-tenant-networks", [.post]), ("/os-tenant-networks/{id}", [.delete]),
    ]
    private static let actions: [(String, [String])] = [
        ("/os-fixed-ips/{id}/action", ["reserve", "unreserve"]),
        (
            "/os-networks/{id}/action",
            ["associate_host", "disassociate", "disassociate_host", "disassociate_project"]
        ),
        ("/servers/{id}/action", ["resetNetwork", "os-getRDPConsole"]),
    ]

    private static func operation(_ verb: HTTPVerb, _ path: String) -> Operation {
        Operation(
            verb, path, name: "os_compute_api:removed", body: verb == .post || verb == .put ? [BodySchema(.any)] : [],
            bodyIsOptional: true, policy: Rules.anyone, success: 410, summary: "Removed.", refuse)
    }

    private static func action(_ name: String, _ path: String) -> Operation {
        Operation(
            .post, path, name: "os_compute_api:removed", action: name, body: [BodySchema(.any)], policy: Rules.anyone,
            success: 410, summary: "Removed.", refuse)
    }

    @Sendable
    private static func refuse(_ request: APIRequest) async throws -> APIResponse {
        throw NovaError(.gone, "This API has been removed.")
    }
}
