import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/os-nova-workflows`: what conductors do, step by step; for administrators.
struct WorkflowsResource: Sendable {
    private static let admin = "rule:context_is_admin"

    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, "/os-nova-workflows", name: "os_compute_api:os-nova-workflows:list", policy: Self.admin,
                summary: "Lists workflows.", list),
            Operation(
                .get, "/os-nova-workflows/{id}", name: "os_compute_api:os-nova-workflows:show", policy: Self.admin,
                summary: "Shows a workflow with its journal.", show),
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let server = request.query("server_id").flatMap { ServerID($0) }
        let openOnly = request.query("open").map { $0 == "true" || $0 == "1" } ?? false
        let limit = Int(try Paging(request, maximum: parts.maxLimit).limit)
        let found = try await parts.database.read { connection in
            try WorkflowTable(connection).list(server: server, openOnly: openOnly, limit: limit).map {
                (record: $0, name: try $0.subjectName(connection))
            }
        }
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "workflows",
                    array: { writer in
                        for (record, name) in found { write(record, name, steps: nil, to: &writer) }
                    })
            }
        }
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let id = try id(request)
        let found = try await parts.database.read { connection -> (WorkflowRecord, String, [WorkflowStepRecord])? in
            let table = WorkflowTable(connection)
            guard let record = try table.find(id) else { return nil }
            return (record, try record.subjectName(connection), try table.journal(of: id))
        }
        guard let (record, name, steps) = found else { throw missing(id.description) }
        return .written(200) { writer in
            writer.object { writer in
                writer.key("workflow")
                write(record, name, steps: steps, to: &writer)
            }
        }
    }

    private func id(_ request: APIRequest) throws -> WorkflowID {
        let text = request.parameters["id"] ?? ""
        guard let id = WorkflowID(text) else { throw missing(text) }
        return id
    }

    private func missing(_ id: String) -> NovaError {
        NovaError(.notFound, "Workflow \(id) could not be found.")
    }

    private func write(
        _ record: WorkflowRecord, _ server: String, steps: [WorkflowStepRecord]?, to writer: inout JSONWriter
    ) {
        writer.object { writer in
            writer.field("id", record.id.description)
            writer.field("server_id", record.serverID.description)
            writer.field("server_name", server)
            writer.field("name", record.kind)
            writer.field("action", record.action)
            writer.field("state", record.state.rawValue)
            writer.field("step", record.step)
            writer.field("attempts", record.attempts)
            writer.field("epoch", record.epoch)
            writer.field("owner", record.owner)
            writer.field("lease_seconds", record.owner == nil ? nil : Self.seconds(until: record.leaseExpiresAt))
            writer.field(
                "retry_in_seconds", record.finishedAt == nil ? max(0, Self.seconds(until: record.retryAt)) : nil)
            writer.field("request_id", record.context.requestID)
            writer.field("user_id", record.context.userID.text)
            writer.field("project_id", record.context.projectID.text)
            writer.field("created_at", record.createdAt.iso8601MicroZ)
            writer.field("updated_at", record.updatedAt.iso8601MicroZ)
            writer.field("finished_at", record.finishedAt?.iso8601MicroZ)
            writer.field("error", record.error?.novaError.description)
            if record.owedSince != nil {
                writer.field("owed_host", record.owedHost)
                writer.field("owed_reason", record.owedReason)
                writer.field("owed_since", record.owedSince?.iso8601MicroZ)
                writer.field("abandoned_reason", record.abandonedReason)
            }
            guard let steps else { return }
            writer.field(
                "steps", array: { writer in for step in steps { write(step, record, to: &writer) } })
        }
    }

    private func write(_ step: WorkflowStepRecord, _ record: WorkflowRecord, to writer: inout JSONWriter) {
        let isCurrent = step.position == record.step && record.finishedAt == nil
        writer.object { writer in
            writer.field("position", step.position)
            writer.field("name", step.name)
            writer.field("state", step.state.rawValue)
            writer.field("epoch", step.epoch)
            writer.field("owner", isCurrent ? record.owner : nil)
            writer.field(
                "lease_seconds",
                isCurrent && record.owner != nil ? Self.seconds(until: record.leaseExpiresAt) : nil)
            writer.field("started_at", step.startedAt.iso8601MicroZ)
            writer.field("finished_at", step.finishedAt?.iso8601MicroZ)
            writer.field("duration_ms", Self.milliseconds(from: step.startedAt, to: step.finishedAt ?? .now()))
            writer.field("error", step.error)
        }
    }

    /// Seconds that remain, with a tenth; below zero when the time has passed long ago.
    private static func seconds(until time: Timestamp) -> Double {
        Double(time.microseconds.subtractingReportingOverflow(Timestamp.now().microseconds).partialValue / 100_000) / 10
    }

    private static func milliseconds(from start: Timestamp, to end: Timestamp) -> Double {
        Double(end.microseconds.subtractingReportingOverflow(start.microseconds).partialValue / 100) / 10
    }
}
