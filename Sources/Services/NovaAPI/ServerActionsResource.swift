import NovaCore
import NovaHTTP
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaSchema

/// `POST /servers/{id}/action` (`spec/compute-api.md`, "server actions"): what changes the power state, and the console's
/// text; one operation per action.
struct ServerActionsResource: Sendable {
    let parts: APIParts

    var operations: [Operation] {
        [
            power("os-start", "os_compute_api:servers:start", .start, "Starts a stopped server."),
            power("os-stop", "os_compute_api:servers:stop", .stop, "Stops a server."),
            power("reboot", "os_compute_api:servers:reboot", Self.reboot, "Reboots a server.") { body in
                body["type"]?.stringValue?.uppercased() == "HARD" ? .rebootHard : .rebootSoft
            },
            power("pause", "os_compute_api:os-pause-server:pause", .pause, "Holds a server's processors still."),
            power("unpause", "os_compute_api:os-pause-server:unpause", .unpause, "Lets a paused server go on."),
            power(
                "suspend", "os_compute_api:os-suspend-server:suspend", .suspend, "Saves a server's memory and ends it."),
            power("resume", "os_compute_api:os-suspend-server:resume", .resume, "Brings a suspended server back."),
            power(
                "trigger_crash_dump", "os_compute_api:servers:trigger_crash_dump", .null,
                "Interrupts a server, so that it writes a dump.", since: Microversion(2, 17)
            ) { _ in .crashDump },
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

    /// An action whose body says nothing.
    private func power(
        _ action: String, _ policy: String, _ change: PowerActionState.Action, _ summary: String
    ) -> Operation {
        power(action, policy, .any, summary) { _ in change }
    }

    /// One of the actions that change the power state.
    private func power(
        _ action: String, _ policy: String, _ schema: JSONSchema, _ summary: String, since: Microversion? = nil,
        _ choose: @escaping @Sendable (JSONValue) -> PowerActionState.Action
    ) -> Operation {
        Operation(
            .post, "/servers/{id}/action", name: policy, action: action, since: since,
            body: ServerSchemas.action(action, schema), policy: "rule:project_member_or_admin", success: 202,
            summary: summary
        ) { request in
            let change = choose(request.body[action] ?? .null)
            _ = try await parts.accept(change.serverAction, request, WorkflowKindName.power) { server in
                PowerActionState(server.id, change)
            }
            return .empty(202)
        }
    }

    private func consoleOutput(_ request: APIRequest) async throws -> APIResponse {
        let server = try await parts.server(request)
        let host = try parts.host(of: server)
        let length = request.body["os-getConsoleOutput"]?["length"]?.lenientInteger
        let lines = length.flatMap { $0 < 0 ? nil : $0 }
        let answer = try await parts.bus.call(
            ComputeConsoleOutput(server.id, lines: lines), to: .host(ComputeConsoleOutput.topic, host),
            context: request.context)
        // As the original counts: what follows the last line break is a line too.
        let rows = answer.text.split(separator: "\n", omittingEmptySubsequences: false)
        let text = rows.suffix(lines.map { Int(clamping: $0) } ?? rows.count).joined(separator: "\n")
        return .written(200) { writer in writer.object { $0.field("output", text) } }
    }
}
