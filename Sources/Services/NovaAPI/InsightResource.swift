import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// What only this cloud tells of a server: why it landed where it did, and what became of it.
struct InsightResource: Sendable {
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, "/servers/{id}/os-nova-explanation", name: "os_compute_api:os-nova-explanation:show",
                policy: "rule:context_is_admin", summary: "Explains the scheduler's decision.", explanation),
            Operation(
                .get, "/servers/{id}/os-nova-history", name: "os_compute_api:os-nova-history:list",
                policy: "rule:project_reader_or_admin", summary: "Lists what became of a server, and who did it.",
                history),
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

    private func history(_ request: APIRequest) async throws -> APIResponse {
        let server = try await parts.server(request, deleted: true)
        let limit = try Paging(request, maximum: parts.maxLimit).limit
        let changes = try await parts.database.read { try ServerChangeTable($0).list(of: server.id, limit: limit) }
        let isAdmin = try request.caller.isAdmin
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "history",
                    array: { writer in
                        for change in changes { write(change, isAdmin: isAdmin, to: &writer) }
                    })
            }
        }
    }

    private func write(_ change: ServerChange, isAdmin: Bool, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("what", change.what)
            writer.field("who", isAdmin ? change.who : Self.withoutHost(change.who))
            writer.field("project_id", change.projectID.text)
            writer.field("why", change.why)
            writer.field("request_id", change.requestID)
            writer.field("workflow_id", change.requestID.isEmpty ? nil : change.id.description)
            writer.field("started_at", change.startedAt.iso8601MicroZ)
            writer.field("finished_at", change.finishedAt?.iso8601MicroZ)
            write("before", change.before, isAdmin: isAdmin, to: &writer)
            write("after", change.after, isAdmin: isAdmin, to: &writer)
        }
    }

    /// Older entries name the compute host, which users are not told.
    private static func withoutHost(_ who: String) -> String {
        who.hasPrefix("nova-compute on ") ? "nova-compute" : who
    }

    private func write(_ name: String, _ states: ServerStates?, isAdmin: Bool, to writer: inout JSONWriter) {
        guard let states else { return writer.null(name) }
        writer.field(
            name,
            object: { writer in
                writer.field("status", ServerStatus.name(states.vmState, nil))
                writer.field("power_state", states.powerState.rawValue)
                if isAdmin { writer.field("host", states.host) }
            })
    }
}
