import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/os-simple-tenant-usage`: what servers used over a time (`spec/compute-api.md`).
struct TenantUsageResource: Sendable {
    private static let path = "/os-simple-tenant-usage"
    private static let name = "os_compute_api:os-simple-tenant-usage:"
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, Self.path, name: Self.name + "list",
                query: Self.query(["start": .string, "end": .string, "detailed": .string]), policy: Rules.admin,
                summary: "Lists what all projects used.", list),
            Operation(
                .get, Self.path + "/{id}", name: Self.name + "show",
                query: Self.query(["start": .string, "end": .string]),
                policy: Rules.reader, summary: "Shows what a project used.", show),
        ]
    }

    private static func query(_ first: [String: JSONSchema]) -> [BodySchema] {
        Queries.of(first, changes: [40: ["limit": Schemas.limit, "marker": .string]])
    }

    /// What was asked for.
    private struct Period {
        var start: Timestamp
        var stop: Timestamp

        /// The time from the first launch or the period's start to the end of either.
        func seconds(_ server: ServerRecord) -> Double {
            guard let launched = server.launchedAt else { return 0 }
            let from = max(launched, start)
            let to = min(server.terminatedAt ?? stop, stop)
            return to > from ? Double(to.microseconds &- from.microseconds) / 1e6 : 0
        }
    }

    private func period(_ request: APIRequest) throws -> Period {
        let now = Timestamp.now()
        let stop = try time(request.query("end")) ?? now
        let start = try time(request.query("start")) ?? now.adding(seconds: -28 * 86_400)
        guard start <= stop else {
            throw NovaError(.badRequest, "Invalid start time. The start time cannot occur after the end time.")
        }
        return Period(start: start, stop: stop)
    }

    /// A date with or without a time.
    private func time(_ text: String?) throws -> Timestamp? {
        guard let text else { return nil }
        let full = text.utf8.count == 10 ? text + "T00:00:00" : text
        guard let time = Timestamp(iso8601: full) else {
            throw NovaError(.badRequest, "Datetime is in invalid format")
        }
        return time
    }

    // MARK: Answers

    private func write(
        _ project: ProjectID, _ servers: [ServerRecord], _ period: Period, isDetailed: Bool,
        to writer: inout JSONWriter
    ) {
        var hours = 0.0
        var (memory, disk, cores) = (0.0, 0.0, 0.0)
        for server in servers {
            let time = period.seconds(server) / 3600
            hours += time
            memory += time * Double(server.flavor.memoryMB)
            disk += time * Double(server.flavor.rootGB &+ server.flavor.ephemeralGB)
            cores += time * Double(server.flavor.vcpus)
        }
        writer.object { writer in
            writer.field("tenant_id", project.text)
            writer.field("start", period.start.iso8601Micro)
            writer.field("stop", period.stop.iso8601Micro)
            writer.field("total_hours", hours)
            writer.field("total_memory_mb_usage", memory)
            writer.field("total_local_gb_usage", disk)
            writer.field("total_vcpus_usage", cores)
            guard isDetailed else { return }
            writer.field(
                "server_usages", array: { writer in for server in servers { write(server, period, to: &writer) } })
        }
    }

    private func write(_ server: ServerRecord, _ period: Period, to writer: inout JSONWriter) {
        let end = server.terminatedAt ?? .now()
        writer.object { writer in
            writer.field("instance_id", server.id.description)
            writer.field("name", server.name)
            writer.field("hours", period.seconds(server) / 3600)
            writer.field("tenant_id", server.projectID.text)
            writer.field("flavor", server.flavor.name)
            writer.field("vcpus", server.flavor.vcpus)
            writer.field("memory_mb", server.flavor.memoryMB)
            writer.field("local_gb", server.flavor.rootGB &+ server.flavor.ephemeralGB)
            writer.field("started_at", (server.launchedAt ?? server.createdAt).iso8601Micro)
            writer.field("ended_at", server.terminatedAt?.iso8601Micro)
            writer.field("state", server.terminatedAt == nil ? server.vmState.rawValue : "terminated")
            let uptime = end.microseconds &- (server.launchedAt ?? end).microseconds
            writer.field("uptime", max(0, uptime / 1_000_000))
        }
    }

    /// The servers of one page, and the last one's id when there may be more.
    private func page(
        _ request: APIRequest, _ period: Period, _ project: ProjectID?
    ) async throws -> (servers: [ServerRecord], next: String?) {
        var servers = try await parts.database.scan {
            try ServerTable($0).active(from: period.start, to: period.stop, project: project)
        }
        guard request.atLeast(40) else { return (servers, nil) }
        let paging = try Paging(request, maximum: parts.maxLimit)
        if let marker = paging.marker {
            guard let index = servers.firstIndex(where: { $0.id.description == marker }) else {
                throw NovaError(.badRequest, "marker [\(marker)] not found")
            }
            servers.removeFirst(index + 1)
        }
        servers = Array(servers.prefix(Int(paging.limit)))
        return (servers, Int64(servers.count) == paging.limit ? servers.last?.id.description : nil)
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let period = try period(request)
        let isDetailed = request.query("detailed") == "1"
        let (servers, next) = try await page(request, period, nil)
        let projects = Dictionary(grouping: servers, by: \.projectID).sorted { $0.key < $1.key }
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "tenant_usages",
                    array: { writer in
                        for (project, servers) in projects {
                            write(project, servers, period, isDetailed: isDetailed, to: &writer)
                        }
                    })
                Links(request).writeNext("tenant_usages", request, marker: next, to: &writer)
            }
        }
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let period = try period(request)
        let project = ProjectID(try request.parameter("id"))
        try request.authorize(target: ["project_id": project.text])
        let (servers, next) = try await page(request, period, project)
        return .written(200) { writer in
            writer.object { writer in
                writer.key("tenant_usage")
                if servers.isEmpty {
                    writer.object { _ in }
                } else {
                    write(project, servers, period, isDetailed: true, to: &writer)
                }
                Links(request).writeNext("tenant_usage", request, marker: next, to: &writer)
            }
        }
    }
}
