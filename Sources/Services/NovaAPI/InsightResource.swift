import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// What only this cloud has: why a server landed where it did, and what workflows do.
struct InsightResource: Sendable {
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, "/servers/{id}/os-nova-explanation", name: "os_compute_api:os-nova-explanation:show",
                policy: "rule:context_is_admin", summary: "Explains the scheduler's decision.", explanation),
            Operation(
                .get, "/os-nova-workflows", name: "os_compute_api:os-nova-workflows:list",
                policy: "rule:context_is_admin",
                summary: "Lists workflows.", workflows),
            Operation(
                .get, "/os-nova-workflows/{id}", name: "os_compute_api:os-nova-workflows:show",
                policy: "rule:context_is_admin", summary: "Shows a workflow with its journal.", workflow),
        ]
    }

    private func explanation(_ request: APIRequest) async throws -> APIResponse {
        let server = try await parts.server(request, deleted: true)
        guard let found = try await parts.database.read({ try ExplanationTable($0).find(server.id) }) else {
            throw NovaError(.notFound, "No decision was kept for instance \(server.id): it has not been scheduled yet.")
        }
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "explanation",
                    object: { writer in
                        writer.field("server_id", server.id.description)
                        writer.field("chosen", found.chosen)
                        writer.field("hosts_considered", found.hostsConsidered)
                        writer.field("decided_at", found.decidedAt.iso8601MicroZ)
                        writer.field("microseconds", found.microseconds)
                        writer.field("claim_conflicts", found.claimConflicts)
                        writer.field(
                            "filters",
                            array: { writer in
                                for step in found.eliminations { eliminated(step, to: &writer) }
                            })
                        writer.field(
                            "weights",
                            array: { writer in
                                for weight in found.weights { weighed(weight, to: &writer) }
                            })
                    })
            }
        }
    }

    private func eliminated(_ step: SchedulingExplanation.Elimination, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("filter", step.filter)
            writer.field("hosts_before", step.hostsBefore)
            writer.field("hosts_after", step.hostsAfter)
            writer.field(
                "removed",
                object: { writer in
                    for (host, reason) in step.removed.sorted(by: { $0.key < $1.key }) { writer.field(host, reason) }
                })
        }
    }

    private func weighed(_ weight: SchedulingExplanation.Weighing, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("host", weight.host)
            writer.field("weight", weight.weight)
            writer.field(
                "parts",
                object: { writer in
                    for (weigher, share) in weight.parts.sorted(by: { $0.key < $1.key }) {
                        writer.field(weigher, share)
                    }
                })
        }
    }

    private func workflows(_ request: APIRequest) async throws -> APIResponse {
        let server = request.query("server_id").flatMap { ServerID($0) }
        let openOnly = request.query("open").map { $0 == "true" || $0 == "1" } ?? false
        let limit = Int(try Paging(request, maximum: parts.maxLimit).limit)
        let found = try await parts.database.read { connection in
            try WorkflowTable(connection).list(server: server, openOnly: openOnly, limit: limit).map {
                (record: $0, name: try ServerTable(connection).find($0.serverID, deleted: true)?.name ?? "")
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

    private func workflow(_ request: APIRequest) async throws -> APIResponse {
        let text = request.parameters["id"] ?? ""
        let found = try await parts.database.read { connection -> (WorkflowRecord, String, [WorkflowStepRecord])? in
            let table = WorkflowTable(connection)
            guard let id = WorkflowID(text), let record = try table.find(id) else { return nil }
            let name = try ServerTable(connection).find(record.serverID, deleted: true)?.name ?? ""
            return (record, name, try table.journal(of: id))
        }
        guard let (record, name, steps) = found else {
            throw NovaError(.notFound, "Workflow \(text) could not be found.")
        }
        return .written(200) { writer in
            writer.object { writer in
                writer.key("workflow")
                write(record, name, steps: steps, to: &writer)
            }
        }
    }

    private func write(
        _ record: WorkflowRecord, _ server: String, steps: [WorkflowStepRecord]?, to writer: inout JSONWriter
    ) {
        writer.object { writer in
            writer.field("id", record.id.description)
            writer.field("server_id", record.serverID.description)
            writer.field("server_name", server)
            writer.field("name", record.kind)
            writer.field("state", record.state.rawValue)
            writer.field("step", record.step)
            writer.field("owner", record.owner)
            writer.field("attempts", record.attempts)
            writer.field("request_id", record.context.requestID)
            writer.field("created_at", record.createdAt.iso8601MicroZ)
            writer.field("updated_at", record.updatedAt.iso8601MicroZ)
            writer.field("finished_at", record.finishedAt?.iso8601MicroZ)
            writer.field("error", record.error?.novaError.description)
            guard let steps else { return }
            writer.field(
                "steps",
                array: { writer in
                    for step in steps {
                        writer.object { writer in
                            writer.field("name", step.name)
                            writer.field("state", step.state.rawValue)
                            writer.field("started_at", step.startedAt.iso8601MicroZ)
                            writer.field("finished_at", step.finishedAt?.iso8601MicroZ)
                            writer.field("error", step.error)
                        }
                    }
                })
        }
    }
}
