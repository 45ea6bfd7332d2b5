import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore
import NovaWire

/// `/os-nova-fences`: switches compute hosts off by their fence agent, and says who did so, when and why.
struct HostFencesResource: Sendable {
    private static let admin = "rule:context_is_admin"

    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, "/os-nova-fences", name: "os_compute_api:os-nova-fences:list",
                query: Queries.of(["host": .string]), policy: Self.admin,
                summary: "Lists what was done to switch compute hosts off.", list),
            Operation(
                .post, "/os-nova-fences", name: "os_compute_api:os-nova-fences:create",
                body: [BodySchema(Self.schema)], policy: Self.admin, success: 202,
                summary: "Switches a compute host off by its fence agent.", create),
        ]
    }

    private static let schema = JSONSchema.wrapped(
        "fence",
        .object(
            properties: ["host": Schemas.hostname, "reason": .string(min: 1, max: 255)], required: ["host", "reason"],
            additional: false))

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let body = request.body["fence"] ?? .null
        let state = HostFenceState(body["host"]?.stringValue ?? "", reason: body["reason"]?.stringValue ?? "")
        let context = request.context
        let workflow = try await parts.database.write { try HostFenceTable($0).begin(state, context) }
        parts.wakeConductor(workflow.id, context)
        return .written(202) { writer in
            writer.object { writer in
                writer.key("fence")
                Self.write(state, workflow, to: &writer)
            }
        }
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let name = request.query("host")
        let found = try await parts.database.scan { connection in
            let hosts = try HostTable(connection).list().filter { name == nil || $0.resources.host == name }
            return try hosts.flatMap { try HostFenceTable(connection).list(of: $0, limit: 100) }
                .sorted { $0.createdAt > $1.createdAt }.prefix(1000)
                .map { (state: try HostFenceState(decoding: $0.data.bytes), workflow: $0) }
        }
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "fences",
                    array: { writer in for fence in found { Self.write(fence.state, fence.workflow, to: &writer) } })
            }
        }
    }

    private static func write(_ state: HostFenceState, _ record: WorkflowRecord, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("workflow_id", record.id.description)
            writer.field("host", state.host)
            writer.field("state", record.state.rawValue)
            writer.field("reason", state.reason)
            writer.field("automatic", state.isAutomatic)
            writer.field("user_id", state.isAutomatic ? nil : record.context.userID.text)
            writer.field("request_id", record.context.requestID)
            writer.field("started_at", record.createdAt.iso8601MicroZ)
            writer.field("finished_at", record.finishedAt?.iso8601MicroZ)
            writer.field("output", state.output.isEmpty ? nil : state.output)
            writer.field("error", record.error?.message)
        }
    }
}
