import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/os-hypervisors` (`spec/compute-api.md`).
struct HypervisorsResource: Sendable {
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, "/os-hypervisors", name: "os_compute_api:os-hypervisors:list", policy: "rule:context_is_admin",
                summary: "Lists hypervisors."
            ) { try await list($0, isFull: false) },
            Operation(
                .get, "/os-hypervisors/detail", name: "os_compute_api:os-hypervisors:list-detail",
                policy: "rule:context_is_admin", summary: "Lists hypervisors with details."
            ) { try await list($0, isFull: true) },
            Operation(
                .get, "/os-hypervisors/statistics", name: "os_compute_api:os-hypervisors:statistics",
                until: Microversion(2, 87), policy: "rule:context_is_admin", summary: "Sums over all hypervisors.",
                statistics),
            Operation(
                .get, "/os-hypervisors/{id}", name: "os_compute_api:os-hypervisors:show",
                policy: "rule:context_is_admin",
                summary: "Shows a hypervisor.", show),
        ]
    }

    /// A compute host with what its servers use.
    private struct Hypervisor {
        var number: Int64
        var record: HostRecord
        var service: ServiceRecord?
        var servers: [ServerRecord]
        var isUp: Bool

        func sum(_ value: (Flavor) -> Int64) -> Int64 { servers.reduce(0) { $0 &+ value($1.flavor) } }
    }

    private func hypervisors() async throws -> [Hypervisor] {
        let live = try await parts.liveness.liveQueues()
        return try await parts.database.read { connection in
            let table = HostTable(connection)
            let services = try table.services().filter { $0.binary == "nova-compute" }
            return try table.list().enumerated().map { index, record in
                let host = record.resources.host
                return Hypervisor(
                    number: Int64(index + 1), record: record, service: services.first { $0.host == host },
                    servers: try ServerTable(connection).onHost(host),
                    isUp: live.contains("compute.\(host)") && !record.isForcedDown)
            }
        }
    }

    private func list(_ request: APIRequest, isFull: Bool) async throws -> APIResponse {
        var all = try await hypervisors()
        if let pattern = request.query("hypervisor_hostname_pattern"), request.atLeast(53) {
            all.removeAll { !$0.record.resources.node.contains(pattern) }
            guard !all.isEmpty else {
                throw NovaError(.notFound, "No hypervisor matching '\(pattern)' could be found.")
            }
        }
        let found = all
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "hypervisors",
                    array: { writer in
                        for hypervisor in found { write(hypervisor, request, isFull: isFull, to: &writer) }
                    })
            }
        }
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let id = request.parameters["id"] ?? ""
        let found = try await hypervisors().first {
            request.atLeast(53) ? $0.record.resources.providerID.description == id : String($0.number) == id
        }
        guard let found else { throw NovaError(.notFound, "Compute host \(id) could not be found.") }
        return .written(200) { writer in
            writer.object { writer in
                writer.key("hypervisor")
                write(found, request, isFull: true, to: &writer)
            }
        }
    }

    private func write(_ hypervisor: Hypervisor, _ request: APIRequest, isFull: Bool, to writer: inout JSONWriter) {
        let resources = hypervisor.record.resources
        writer.object { writer in
            if request.atLeast(53) {
                writer.field("id", resources.providerID.description)
            } else {
                writer.field("id", hypervisor.number)
            }
            writer.field("hypervisor_hostname", resources.node)
            writer.field("state", hypervisor.isUp ? "up" : "down")
            writer.field("status", hypervisor.record.isDisabled ? "disabled" : "enabled")
            if request.atLeast(53), ["true", "1"].contains(request.query("with_servers")?.lowercased() ?? ""),
                !hypervisor.servers.isEmpty
            {
                writer.field(
                    "servers",
                    array: { writer in
                        for server in hypervisor.servers {
                            writer.object { writer in
                                writer.field("name", ServerView.instanceName(server))
                                writer.field("uuid", server.id.description)
                            }
                        }
                    })
            }
            guard isFull else { return }
            writer.field("hypervisor_type", resources.hypervisorType)
            writer.field("hypervisor_version", resources.hypervisorVersion)
            writer.field("host_ip", resources.hostIP)
            service(hypervisor, request, to: &writer)
            if request.atLeast(88) { writer.null("uptime") } else { capacity(hypervisor, request, to: &writer) }
        }
    }

    private func service(_ hypervisor: Hypervisor, _ request: APIRequest, to writer: inout JSONWriter) {
        writer.field(
            "service",
            object: { writer in
                if request.atLeast(53) {
                    writer.field("id", hypervisor.service?.id.description)
                } else {
                    writer.field("id", hypervisor.service?.sequence)
                }
                writer.field("host", hypervisor.record.resources.host)
                writer.field("disabled_reason", hypervisor.record.disabledReason)
            })
    }

    private func capacity(_ hypervisor: Hypervisor, _ request: APIRequest, to writer: inout JSONWriter) {
        let resources = hypervisor.record.resources
        let info = JSONValue.object(
            JSONObject(resources.cpuInfo.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
        if request.atLeast(28) { writer.field("cpu_info", info) } else { writer.field("cpu_info", info.text) }
        figures([hypervisor], to: &writer)
    }

    /// Sums over some hypervisors, in the words of one hypervisor and of the statistics.
    private func figures(_ hypervisors: [Hypervisor], to writer: inout JSONWriter) {
        func total(_ value: (Hypervisor) -> Int64) -> Int64 { hypervisors.reduce(0) { $0 &+ value($1) } }
        let memory = total(\.record.resources.memoryMB)
        let memoryUsed = total { $0.record.resources.reservedMemoryMB &+ $0.sum(\.memoryMB) }
        let disk = total(\.record.resources.diskGB)
        let diskUsed = total { $0.sum(\.diskGB) }
        writer.field("vcpus", total(\.record.resources.vcpus))
        writer.field("vcpus_used", total { $0.sum(\.vcpus) })
        writer.field("memory_mb", memory)
        writer.field("memory_mb_used", memoryUsed)
        writer.field("free_ram_mb", memory - memoryUsed)
        writer.field("local_gb", disk)
        writer.field("local_gb_used", diskUsed)
        writer.field("free_disk_gb", disk - diskUsed)
        writer.field("disk_available_least", disk - diskUsed)
        writer.field("current_workload", total { Int64($0.servers.count { $0.taskState != nil }) })
        writer.field("running_vms", total { Int64($0.servers.count) })
    }

    private func statistics(_ request: APIRequest) async throws -> APIResponse {
        let all = try await hypervisors().filter { !$0.record.isDisabled }
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "hypervisor_statistics",
                    object: { writer in
                        writer.field("count", all.count)
                        figures(all, to: &writer)
                    })
            }
        }
    }
}
