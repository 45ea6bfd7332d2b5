import NovaCore
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaSchema
import NovaStore

/// `/os-nova-audit`: what the reconcilers have found and how they run; for administrators.
struct AuditResource: Sendable {
    private static let admin = "rule:context_is_admin"

    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, "/os-nova-audit", name: "os_compute_api:os-nova-audit:show", policy: Self.admin,
                summary: "Shows the reconcilers and what they have found.", show),
            Operation(
                .post, "/os-nova-audit", name: "os_compute_api:os-nova-audit:run", body: [BodySchema(Self.schema)],
                policy: Self.admin, summary: "Runs the reconcilers now.", run),
        ]
    }

    private static let schema = JSONSchema.wrapped(
        "audit",
        .object(properties: ["fix": .boolean, "also": .array(.string(min: 1, max: 100), max: 100)], additional: false))

    private func show(_ request: APIRequest) async throws -> APIResponse {
        try await answer(healed: true, run: nil)
    }

    private func run(_ request: APIRequest) async throws -> APIResponse {
        let body = request.body["audit"] ?? .null
        let also = (body["also"]?.arrayValue ?? []).compactMap(\.stringValue)
        let run = try await parts.bus.call(
            RunAudit(heals: body["fix"]?.boolValue ?? false, alsoHeals: also), to: .topic(RunAudit.topic),
            context: request.context)
        return try await answer(healed: true, run: run)
    }

    private func answer(healed: Bool, run: RunAudit.Response?) async throws -> APIResponse {
        let (findings, statuses) = try await parts.database.scan { connection in
            (try FindingTable(connection).list(healed: healed), try FindingTable(connection).statuses())
        }
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "audit",
                    object: { writer in
                        if let run {
                            writer.field("settle_seconds", Double(run.settleMilliseconds) / 1_000)
                            writer.field("healed_now", run.healed)
                        }
                        writer.field(
                            "reconcilers",
                            array: { writer in for status in statuses { write(status, to: &writer) } })
                        writer.field(
                            "findings", array: { writer in for finding in findings { write(finding, to: &writer) } })
                    })
            }
        }
    }

    private func write(_ status: ReconcilerStatus, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("name", status.name)
            writer.field("last_run", status.startedAt.iso8601MicroZ)
            writer.field("duration_ms", Double(status.duration / 100) / 10)
            writer.field("findings", status.findings)
            writer.field("suspicions", status.suspicions)
            writer.field("healed", status.healed)
            writer.field("error", status.error)
        }
    }

    private func write(_ finding: Finding, to writer: inout JSONWriter) {
        let state = finding.healedAt != nil ? "healed" : finding.isConfirmed ? "found" : "suspected"
        writer.object { writer in
            writer.field("kind", finding.kind)
            writer.field("object", finding.object)
            writer.field("host", finding.host)
            writer.field("server_id", finding.serverID == .none ? nil : finding.serverID.description)
            writer.field("state", state)
            writer.field("safe", finding.isSafe)
            writer.field("explanation", finding.explanation)
            writer.field("remedy", finding.remedy)
            writer.field("reconciler", finding.reconciler)
            writer.field("first_seen", finding.firstSeen.iso8601MicroZ)
            writer.field("last_seen", finding.lastSeen.iso8601MicroZ)
            writer.field("healed_at", finding.healedAt?.iso8601MicroZ)
            writer.field("error", finding.error)
        }
    }
}
