import NovaCore
import NovaHTTP
import NovaModel
import NovaSchema

/// `/os-instance_usage_audit_log`: the periodic usage audit, which this cloud does not run (`spec/compute-api.md`).
///
/// Usage is made of the servers' rows when it is asked for (`os-simple-tenant-usage`), so no host has a log of it.
struct UsageAuditResource: Sendable {
    private static let path = "/os-instance_usage_audit_log"
    private static let name = "os_compute_api:os-instance-usage-audit-log:"
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, Self.path, name: Self.name + "list", query: Queries.none, policy: Rules.admin,
                summary: "Shows the last usage audit."
            ) { _ in try await answer("instance_usage_audit_logs", before: .now()) },
            Operation(
                .get, Self.path + "/{id}", name: Self.name + "show", query: Queries.none, policy: Rules.admin,
                summary: "Shows the usage audit before a time."
            ) { request in
                let text = try request.parameter("id")
                let full = text.contains(":") && text.utf8.count == 16 ? text + ":00" : text
                guard let time = Timestamp(iso8601: full) else {
                    throw NovaError(.badRequest, "Invalid timestamp for date \(text)")
                }
                return try await answer("instance_usage_audit_log", before: time)
            },
        ]
    }

    /// The whole month before a time, as the original's default.
    private func answer(_ name: String, before time: Timestamp) async throws -> APIResponse {
        let hosts = try await DaemonList.load(parts).daemons.filter(\.isCompute).map(\.service.host).sorted()
        let month = time.iso8601.prefix(7)
        let end = Timestamp(iso8601: "\(month)-01T00:00:00") ?? time
        let before = end.adding(seconds: -86_400).iso8601.prefix(7)
        let start = Timestamp(iso8601: "\(before)-01T00:00:00") ?? end
        func text(_ time: Timestamp) -> String {
            let text = time.iso8601
            return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))"
        }
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    name,
                    object: { writer in
                        writer.field("period_beginning", text(start))
                        writer.field("period_ending", text(end))
                        writer.field("num_hosts", hosts.count)
                        writer.field("num_hosts_done", 0)
                        writer.field("num_hosts_running", 0)
                        writer.field("num_hosts_not_run", hosts.count)
                        writer.field("hosts_not_run", hosts)
                        writer.field("total_instances", 0)
                        writer.field("total_errors", 0)
                        writer.field("overall_status", "0 of \(hosts.count) hosts done. 0 errors.")
                        writer.field("log", object: { _ in })
                    })
            }
        }
    }
}
