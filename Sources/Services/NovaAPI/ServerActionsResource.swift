import NovaCore
import NovaRPC
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaModel
import NovaSchema
import NovaStore
import NovaWire

/// `POST /servers/{id}/action` (`spec/compute-api.md`, "server actions"): one operation per action.
struct ServerActionsResource: Sendable {
    let parts: APIParts

    var operations: [Operation] {
        [
            power("os-start", "os_compute_api:servers:start", .any, "Starts a stopped server.") { _ in (.start, .start)
            },
            power("os-stop", "os_compute_api:servers:stop", .any, "Stops a server.") { _ in (.stop, .stop) },
            power("reboot", "os_compute_api:servers:reboot", Self.reboot, "Reboots a server.") { body in
                body["type"]?.stringValue?.uppercased() == "HARD"
                    ? (.rebootHard, .rebootHard) : (.rebootSoft, .rebootSoft)
            },
            Operation(
                .post, "/servers/{id}/action", name: "os_compute_api:os-console-output", action: "os-getConsoleOutput",
                body: ServerSchemas.action("os-getConsoleOutput", Self.consoleOutput),
                policy: "rule:project_member_or_admin", summary: "Shows the end of a server's console.", consoleOutput),
        ]
    }

    private static let reboot = JSONSchema.object(
        properties: ["type": .enumeration(["HARD", "Hard", "hard", "SOFT", "Soft", "soft"])], required: ["type"],
        additional: false)
    private static let consoleOutput = JSONSchema.object(
        properties: ["length": .nullable(.integer(min: -1))], additional: false)

    /// One of the actions that change the power state.
    private func power(
        _ action: String, _ policy: String, _ schema: JSONSchema, _ summary: String,
        _ choose: @escaping @Sendable (JSONValue) -> (ServerAction, PowerActionState.Action)
    ) -> Operation {
        Operation(
            .post, "/servers/{id}/action", name: policy, action: action, body: ServerSchemas.action(action, schema),
            policy: "rule:project_member_or_admin", success: 202, summary: summary
        ) { request in
            let (rule, change) = choose(request.body[action] ?? .null)
            return try await accept(rule, change, request)
        }
    }

    /// Checks the states and accepts the action with its workflow, in one transaction.
    private func accept(
        _ action: ServerAction, _ change: PowerActionState.Action, _ request: APIRequest
    ) async throws -> APIResponse {
        let server = try await parts.server(request)
        guard try !server.isLocked || request.caller.isAdmin else {
            throw NovaError(.conflict, "Instance \(server.id) is locked")
        }
        let workflow = WorkflowRecord(
            kind: WorkflowKindName.power, server: server.id, context: request.context,
            data: PowerActionState(server.id, change).encoded(), now: .now())
        try await parts.database.write { connection in
            let changed = try ServerTable(connection).change(server.id) { server in
                try action.check(server)
                server.taskState = action.taskState
            }
            guard changed != nil else { throw NovaError(.notFound, "Instance \(server.id) could not be found.") }
            try WorkflowTable(connection).insert(workflow)
        }
        parts.wakeConductor(workflow.id, request.context)
        return .empty(202)
    }

    private func consoleOutput(_ request: APIRequest) async throws -> APIResponse {
        let server = try await parts.server(request)
        guard let host = server.host else {
            throw NovaError(.conflict, "Instance \(server.id) is not ready: it has no host yet.")
        }
        let length = request.body["os-getConsoleOutput"]?["length"]?.lenientInteger
        let lines = length.flatMap { $0 < 0 ? nil : $0 }
        let answer = try await parts.bus.call(
            ComputeConsoleOutput(server.id, lines: lines), to: .host(ComputeConsoleOutput.topic, host),
            context: request.context)
        return .written(200) { writer in writer.object { $0.field("output", answer.text) } }
    }
}
