import NovaCore
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaSchema
import NovaStore

/// What reaches into a guest and answers at once: the server action `changePassword`, and `/servers/{id}/diagnostics`.
struct GuestResource: Sendable {
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .post, "/servers/{id}/action", name: "os_compute_api:os-admin-password", action: "changePassword",
                body: ServerSchemas.action(
                    "changePassword",
                    .object(properties: ["adminPass": .string], required: ["adminPass"], additional: false)),
                policy: "rule:project_member_or_admin", success: 202,
                summary: "Sets the password of a server's administrator.", changePassword),
            Operation(
                .get, "/servers/{id}/diagnostics", name: "os_compute_api:os-server-diagnostics",
                policy: "rule:context_is_admin", summary: "Shows a server's use of its devices.", diagnostics),
        ]
    }

    /// Asks the host while the client waits, and notes the outcome among the server's actions.
    private func changePassword(_ request: APIRequest) async throws -> APIResponse {
        let server = try await parts.server(request)
        try ServerAction.changePassword.checkLock(server, isAdmin: try request.caller.isAdmin)
        try ServerAction.changePassword.check(server)
        let host = try parts.host(of: server)
        let password = Secret(request.body["changePassword"]?["adminPass"]?.stringValue ?? "")
        let outcome: Result<Void, NovaError>
        do {
            _ = try await parts.bus.call(
                ComputeSetPassword(server.id, password), to: .host(ComputeSetPassword.topic, host),
                context: request.context)
            outcome = .success(())
        } catch {
            outcome = .failure(NovaError(error))
        }
        // No step of it is kept, as that would keep the password.
        let workflow = WorkflowRecord(
            kind: WorkflowKindName.password, server: server.id, context: request.context, data: [])
        try await parts.database.write { connection in
            try WorkflowTable(connection).insert(workflow, endedBy: outcome)
        }
        if case .failure(let error) = outcome {
            guard error.code == .notImplemented else { throw error }
            throw NovaError(.notImplemented, "Unable to set password on instance", details: error.message)
        }
        return .empty(202)
    }

    private func diagnostics(_ request: APIRequest) async throws -> APIResponse {
        let server = try await parts.server(request)
        let host = try parts.host(of: server)
        let answer = try await parts.bus.call(
            ComputeDiagnostics(server.id), to: .host(ComputeDiagnostics.topic, host), context: request.context)
        let view = DiagnosticsView(answer, hasConfigDrive: server.hasConfigDrive)
        return .written(200) { writer in
            if request.atLeast(48) { view.write(to: &writer) } else { view.writeOld(to: &writer) }
        }
    }
}
