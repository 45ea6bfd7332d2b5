import NovaCore
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaSchema
import NovaStore

/// `/os-nova-cleanups` and what operators do about workflows: try now, or give up what a host owes.
struct CleanupsResource: Sendable {
    private static let admin = "rule:context_is_admin"

    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, "/os-nova-cleanups", name: "os_compute_api:os-nova-cleanups:list", policy: Self.admin,
                summary: "Lists what hosts still owe.", list),
            Operation(
                .post, "/os-nova-workflows/{id}/action", name: "os_compute_api:os-nova-workflows:retry",
                action: "retry", body: ServerSchemas.action("retry", .any), policy: Self.admin, success: 202,
                summary: "Tries a workflow that waits now."
            ) { request in
                _ = try await parts.bus.call(
                    RetryWorkflow(try id(request)), to: .topic(RetryWorkflow.topic), context: request.context)
                return .empty(202)
            },
            Operation(
                .post, "/os-nova-workflows/{id}/action", name: "os_compute_api:os-nova-workflows:abandon",
                action: "abandon", body: ServerSchemas.action("abandon", Self.reason), policy: Self.admin,
                success: 202, summary: "Gives up what a host owes."
            ) { request in
                let reason = request.body["abandon"]?["reason"]?.stringValue ?? ""
                _ = try await parts.bus.call(
                    AbandonWorkflow(try id(request), reason: reason), to: .topic(AbandonWorkflow.topic),
                    context: request.context)
                return .empty(202)
            },
        ]
    }

    private static let reason = JSONSchema.object(
        properties: ["reason": .string(min: 1, max: 255)], required: ["reason"], additional: false)

    private func id(_ request: APIRequest) throws -> WorkflowID {
        let text = request.parameters["id"] ?? ""
        guard let id = WorkflowID(text) else {
            throw NovaError(.notFound, "Workflow \(text) could not be found.")
        }
        return id
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let limit = Int(try Paging(request, maximum: parts.maxLimit).limit)
        let owed = try await parts.database.read { connection in
            try WorkflowTable(connection).owed(limit: limit).map {
                (record: $0, name: try ServerTable(connection).find($0.serverID, deleted: true)?.name ?? "")
            }
        }
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "cleanups",
                    array: { writer in
                        for (record, name) in owed {
                            writer.object { writer in
                                writer.field("workflow_id", record.id.description)
                                writer.field("name", record.kind)
                                writer.field("server_id", record.serverID.description)
                                writer.field("server_name", name)
                                writer.field("host", record.owedHost)
                                writer.field("reason", record.owedReason)
                                writer.field("since", record.owedSince?.iso8601MicroZ)
                                writer.field("attempts", record.attempts)
                                writer.field("abandoned", record.abandonedReason)
                                writer.field("request_id", record.context.requestID)
                            }
                        }
                    })
            }
        }
    }
}
