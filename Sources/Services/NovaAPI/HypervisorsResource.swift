import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/os-hypervisors` (`spec/compute-api.md`).
struct HypervisorsResource: Sendable {
    private static let path = "/os-hypervisors"
    private static let name = "os_compute_api:os-hypervisors:"
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, Self.path, name: Self.name + "list", query: Self.listQuery, policy: Rules.admin,
                summary: "Lists hypervisors."
            ) { try await list($0, isFull: false) },
            Operation(
                .get, Self.path + "/detail", name: Self.name + "list-detail", query: Self.listQuery,
                policy: Rules.admin, summary: "Lists hypervisors with details."
            ) { try await list($0, isFull: true) },
            Operation(
                .get, Self.path + "/statistics", name: Self.name + "statistics", until: .v(87), policy: Rules.admin,
                summary: "Sums over all hypervisors.", statistics),
            Operation(
                .get, Self.path + "/{id}", name: Self.name + "show", query: Self.showQuery, policy: Rules.admin,
                summary: "Shows a hypervisor."
            ) { request in
                let found = try await find(request)
                return Self.answer { write(found, request, isFull: true, to: &$0) }
            },
            Operation(
                .get, Self.path + "/{id}/search", name: Self.name + "search", until: .v(52), policy: Rules.admin,
                summary: "Looks for hypervisors by a part of their names."
            ) { try await search($0, showsServers: false) },
            Operation(
                .get, Self.path + "/{id}/servers", name: Self.name + "servers", until: .v(52), policy: Rules.admin,
                summary: "Lists the servers of hypervisors by a part of their names."
            ) { try await search($0, showsServers: true) },
            Operation(
                .get, Self.path + "/{id}/uptime", name: Self.name + "uptime", until: .v(87), policy: Rules.admin,
                summary: "Says how long a hypervisor runs."
            ) { request in
                let found = try await find(request)
                guard found.isUp else {
                    throw NovaError(
                        .badRequest, "Compute service of \(found.record.resources.host) is unavailable at this time.")
                }
                return Self.answer { writer in
                    writer.object { writer in
                        brief(found, request, to: &writer)
                        writer.field("uptime", UptimeText.of(found.record.resources.bootedAt))
                        if request.atLeast(53) { servers(found, request, to: &writer) }
                    }
                }
            },
        ]
    }

    private static let listQuery = Queries.of(
        [:], strictSince: 53,
        changes: [
            33: ["limit": Schemas.limit, "marker": .string],
            53: ["hypervisor_hostname_pattern": Schemas.hostname, "with_servers": .boolean],
        ])
    private static let showQuery = Queries.of([:], strictSince: 53, changes: [53: ["with_servers": .boolean]])

    /// A compute host with what its servers use.
    private struct Hypervisor {
        /// The number by which it is known before 2.53: its service's.
        var number: Int64
        var record: HostRecord
        var service: ServiceRecord?
        var servers: [ServerRecord]
        var isUp: Bool

        func sum(_ value: (Flavor) -> Int64) -> Int64 { servers.reduce(0) { $0 &+ value($1.flavor) } }
        func id(_ request: APIRequest) -> String {
            request.atLeast(53) ? record.resources.providerID.description : String(number)
        }
    }

    private static func answer(_ body: (inout JSONWriter) -> Void) -> APIResponse {
        .written(200) { writer in
            writer.object { writer in
                writer.key("hypervisor")
                body(&writer)
            }
        }
    }

    private func hypervisors() async throws -> [Hypervisor] {
        let daemons = try await DaemonList.load(parts).daemons
        return try await parts.database.scan { connection in
            let table = HostTable(connection)
            return try table.list().map { record in
                let host = record.resources.host
                let daemon = daemons.first { $0.isCompute && $0.service.host == host }
                return Hypervisor(
                    number: daemon?.service.sequence ?? 0, record: record, service: daemon?.service,
                    servers: try ServerTable(connection).onHost(host), isUp: daemon?.isUp ?? false)
            }.sorted { $0.number < $1.number }
        }
    }

    private func list(_ request: APIRequest, isFull: Bool) async throws -> APIResponse {
        var all = try await hypervisors()
        if let pattern = request.query("hypervisor_hostname_pattern"), request.atLeast(53) {
            guard request.query("limit") == nil, request.query("marker") == nil else {
                throw NovaError(
                    .badRequest,
                    "Paging over hypervisors with the hypervisor_hostname_pattern query parameter is not "
                        + "supported.")
            }
            all.removeAll { !$0.record.resources.node.contains(pattern) }
            guard !all.isEmpty else {
                throw NovaError(.notFound, "No hypervisor matching '\(pattern)' could be found.")
            }
        }
        var next: String?
        if request.atLeast(33) {
            let paging = try Paging(request, maximum: parts.maxLimit)
            if let marker = paging.marker {
                guard let index = all.firstIndex(where: { $0.id(request) == marker }) else {
                    throw NovaError(.badRequest, "Marker \(marker) could not be found.")
                }
                all.removeFirst(index + 1)
            }
            all = Array(all.prefix(Int(paging.limit)))
            if Int64(all.count) == paging.limit { next = all.last?.id(request) }
        }
        let (found, marker) = (all, next)
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "hypervisors",
                    array: { writer in
                        for hypervisor in found { write(hypervisor, request, isFull: isFull, to: &writer) }
                    })
                Links(request).writeNext("hypervisors", request, marker: marker, to: &writer)
            }
        }
    }

    private func search(_ request: APIRequest, showsServers: Bool) async throws -> APIResponse {
        let pattern = try request.parameter("id")
        let found = try await hypervisors().filter { $0.record.resources.node.contains(pattern) }
        guard !found.isEmpty else {
            throw NovaError(.notFound, "No hypervisor matching '\(pattern)' could be found.")
        }
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "hypervisors",
                    array: { writer in
                        for hypervisor in found {
                            writer.object { writer in
                                brief(hypervisor, request, to: &writer)
                                if showsServers, !hypervisor.servers.isEmpty { list(hypervisor.servers, to: &writer) }
                            }
                        }
                    })
            }
        }
    }

    private func find(_ request: APIRequest) async throws -> Hypervisor {
        let id = try request.parameter("id")
        guard !request.atLeast(53) || ProviderID(id) != nil else {
            throw NovaError(.badRequest, "Invalid uuid \(id)")
        }
        guard let found = try await hypervisors().first(where: { $0.id(request) == id }) else {
            throw NovaError(.notFound, "Compute host \(id) could not be found.")
        }
        return found
    }

    /// What every view of a hypervisor begins with.
    private func brief(_ hypervisor: Hypervisor, _ request: APIRequest, to writer: inout JSONWriter) {
        if request.atLeast(53) {
            writer.field("id", hypervisor.record.resources.providerID.description)
        } else {
            writer.field("id", hypervisor.number)
        }
        writer.field("hypervisor_hostname", hypervisor.record.resources.node)
        writer.field("state", hypervisor.isUp ? "up" : "down")
        writer.field("status", hypervisor.record.isDisabled ? "disabled" : "enabled")
    }

    /// `servers`, when the query asks for it; from 2.75 on also when there is none.
    private func servers(_ hypervisor: Hypervisor, _ request: APIRequest, to writer: inout JSONWriter) {
        guard request.query("with_servers").flatMap({ JSONValue.string($0).lenientBool }) ?? false,
            !hypervisor.servers.isEmpty || request.atLeast(75)
        else { return }
        list(hypervisor.servers, to: &writer)
    }

    private func list(_ servers: [ServerRecord], to writer: inout JSONWriter) {
        writer.field(
            "servers",
            array: { writer in
                for server in servers {
                    writer.object { writer in
                        writer.field("name", ServerView.instanceName(server))
                        writer.field("uuid", server.id.description)
                    }
                }
            })
    }

    private func write(_ hypervisor: Hypervisor, _ request: APIRequest, isFull: Bool, to writer: inout JSONWriter) {
        let resources = hypervisor.record.resources
        writer.object { writer in
            brief(hypervisor, request, to: &writer)
            if request.atLeast(53) { servers(hypervisor, request, to: &writer) }
            guard isFull else { return }
            writer.field("hypervisor_type", resources.hypervisorType)
            writer.field("hypervisor_version", resources.hypervisorVersion)
            writer.field("host_ip", resources.hostIP)
            service(hypervisor, request, to: &writer)
            let uptime = hypervisor.isUp ? UptimeText.of(resources.bootedAt) : nil
            if request.atLeast(88) {
                writer.field("uptime", uptime)
            } else {
                capacity(hypervisor, request, to: &writer)
            }
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
