import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/os-hosts`, which ends with 2.42 (`spec/compute-api.md`).
struct HostsResource: Sendable {
    private static let path = "/os-hosts"
    private static let name = "os_compute_api:os-hosts:"
    let parts: APIParts

    var operations: [Operation] { hosts + power }

    private var hosts: [Operation] {
        [
            Operation(
                .get, Self.path, name: Self.name + "list", until: .v(42), query: Queries.of(["zone": .string]),
                policy: Rules.admin, summary: "Lists hosts with their services.", list),
            Operation(
                .get, Self.path + "/{id}", name: Self.name + "show", until: .v(42), policy: Rules.admin,
                summary: "Shows what a compute host has and what projects use of it.", show),
            Operation(
                .put, Self.path + "/{id}", name: Self.name + "update", until: .v(42),
                body: [
                    BodySchema(
                        .object(
                            properties: ["status": Self.word, "maintenance_mode": Self.word], additional: false, min: 1)
                    )
                ], policy: Rules.admin, summary: "Enables or disables a compute host.", update),
        ]
    }

    private var power: [Operation] {
        ["startup", "shutdown", "reboot"].map { verb in
            Operation(
                .get, Self.path + "/{id}/\(verb)", name: Self.name + (verb == "startup" ? "start" : verb),
                until: .v(42), policy: Rules.admin, summary: "Would \(verb) a host."
            ) { request in
                _ = try await find(request)
                throw NovaError(.notImplemented, "Virt driver does not implement host power management.")
            }
        }
    }

    private static let word = JSONSchema.enumeration(
        ["enable", "disable", "Enable", "Disable", "ENABLE", "DISABLE"])

    private func list(_ request: APIRequest) async throws -> APIResponse {
        // A blank name is no name, as the original takes it.
        let zone = request.query("zone").flatMap { $0.isEmpty ? nil : $0 }
        let daemons = try await DaemonList.load(parts).daemons.filter { zone == nil || $0.zone == zone }
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "hosts",
                    array: { writer in
                        for daemon in daemons {
                            writer.object { writer in
                                writer.field("host_name", daemon.service.host)
                                writer.field("service", String(daemon.service.binary.dropFirst("nova-".count)))
                                writer.field("zone", daemon.zone)
                            }
                        }
                    })
            }
        }
    }

    private func find(_ request: APIRequest) async throws -> HostRecord {
        let name = try request.parameter("id")
        guard let host = try await parts.database.read({ try HostTable($0).find(name) }) else {
            throw NovaError(.notFound, "Compute host \(name) could not be found.")
        }
        return host
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let resources = try await find(request).resources
        let servers = try await parts.database.scan { try ServerTable($0).onHost(resources.host) }
        let projects = Dictionary(grouping: servers, by: \.projectID).sorted { $0.key < $1.key }
        func sums(_ servers: [ServerRecord]) -> (Int64, Int64, Int64) {
            servers.reduce((0, 0, 0)) {
                ($0.0 &+ $1.flavor.vcpus, $0.1 &+ $1.flavor.memoryMB, $0.2 &+ $1.flavor.rootGB &+ $1.flavor.ephemeralGB)
            }
        }
        let used = sums(servers)
        let rows =
            [
                ("(total)", (resources.vcpus, resources.memoryMB, resources.diskGB)),
                ("(used_now)", (used.0, used.1 &+ resources.reservedMemoryMB, used.2)), ("(used_max)", used),
            ] + projects.map { ($0.key.text, sums($0.value)) }
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "host",
                    array: { writer in
                        for (project, (cpu, memory, disk)) in rows {
                            writer.object { writer in
                                writer.field(
                                    "resource",
                                    object: { writer in
                                        writer.field("host", resources.host)
                                        writer.field("project", project)
                                        writer.field("cpu", cpu)
                                        writer.field("memory_mb", memory)
                                        writer.field("disk_gb", disk)
                                    })
                            }
                        }
                    })
            }
        }
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        guard request.body["maintenance_mode"] == nil else {
            throw NovaError(.notImplemented, "Virt driver does not implement host disabled status.")
        }
        let isDisabled = request.body["status"]?.stringValue?.lowercased() == "disable"
        let name = try request.parameter("id")
        try await parts.database.write { connection in
            let table = HostTable(connection)
            guard var host = try table.find(name) else {
                throw NovaError(.notFound, "Compute host \(name) could not be found.")
            }
            host.isDisabled = isDisabled
            host.disabledReason = nil
            host.updatedAt = .now()
            try table.save(host)
            guard var service = try table.service(binary: "nova-compute", host: name) else { return }
            service.isDisabled = isDisabled
            service.disabledReason = nil
            try table.update(service)
        }
        await parts.tellSchedulers(request.context)
        return .written(200) { writer in
            writer.object { writer in
                writer.field("host", name)
                writer.field("status", isDisabled ? "disabled" : "enabled")
            }
        }
    }
}
