import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// The actions `lock`, `unlock`, `os-resetState` and `injectNetworkInfo`, which reach no host (`spec/compute-api.md`).
struct ServerLockResource: Sendable {
    private static let path = "/servers/{id}/action"
    private static let override = "os_compute_api:os-lock-server:unlock:unlock_override"
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .post, Self.path, name: "os_compute_api:os-lock-server:lock", action: "lock", body: Self.lockBody,
                policy: Rules.member, success: 202, summary: "Locks a server against its users.", lock),
            Operation(
                .post, Self.path, name: "os_compute_api:os-lock-server:unlock", action: "unlock",
                body: ServerSchemas.action("unlock", .any), policy: Rules.member, success: 202,
                summary: "Unlocks a server.", unlock),
            Operation(
                .post, Self.path, name: "os_compute_api:os-admin-actions:reset_state", action: "os-resetState",
                body: ServerSchemas.action(
                    "os-resetState",
                    .object(
                        properties: ["state": .enumeration(["active", "error"])], required: ["state"],
                        additional: false)),
                policy: Rules.admin, success: 202, summary: "Sets what is known of a server's state.", reset),
            Operation(
                .post, Self.path, name: "os_compute_api:os-admin-actions:inject_network_info",
                action: "injectNetworkInfo", body: ServerSchemas.action("injectNetworkInfo", .any),
                policy: Rules.admin, success: 202, summary: "Does nothing: guests learn their addresses by DHCP."
            ) { request in
                _ = try await parts.server(request)
                return .empty(202)
            },
        ]
    }

    private static let lockBody: [BodySchema] = [
        BodySchema(since: .v(1), .wrapped("lock", .any)),
        BodySchema(
            since: .v(73),
            .wrapped(
                "lock",
                .nullable(
                    .object(properties: ["locked_reason": .string(min: 1, max: 255)], additional: false)))),
    ]

    /// Changes a server's row, and notes that among the server's actions; `body` says whether there is a change.
    private func change(
        _ request: APIRequest, _ action: ServerAction,
        _ body: @escaping @Sendable (inout ServerRecord) throws -> Bool
    ) async throws -> APIResponse {
        let id = try await parts.server(request).id
        let workflow = WorkflowRecord(kind: action.recordedName, server: id, context: request.context, data: [])
        let found = try await parts.database.write { connection in
            let servers = ServerTable(connection)
            guard var server = try servers.find(id) else { return false }
            guard try body(&server) else { return true }
            // As the original: a state that was set has no event.
            let event = action == .resetState ? nil : "api_\(action.recordedName)"
            try WorkflowTable(connection).insert(workflow, event: event) {
                try servers.change(id) { _ = try body(&$0) }
            }
            return true
        }
        guard found else { throw NovaError(.notFound, "Instance \(id) could not be found.") }
        return .empty(202)
    }

    /// The owner's lock on a server that is locked already changes nothing.
    private func lock(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.caller
        let reason = request.atLeast(73) ? request.body["lock"]?["locked_reason"]?.stringValue : nil
        return try await change(request, .lock) { server in
            let isOwner = server.projectID == caller.projectID
            guard !(isOwner && server.isLocked) else { return false }
            server.isLocked = true
            server.lockedBy = isOwner ? "owner" : "admin"
            server.lockedReason = reason
            return true
        }
    }

    private func unlock(_ request: APIRequest) async throws -> APIResponse {
        let mayOverride = try request.caller.isAdmin || request.allows(Self.override)
        return try await change(request, .unlock) { server in
            guard server.lockedBy != "admin" || mayOverride else {
                throw NovaError(.forbidden, "Policy doesn't allow \(Self.override) to be performed.")
            }
            server.isLocked = false
            server.lockedBy = nil
            server.lockedReason = nil
            return true
        }
    }

    private func reset(_ request: APIRequest) async throws -> APIResponse {
        let isActive = request.body["os-resetState"]?["state"]?.stringValue == "active"
        return try await change(request, .resetState) { server in
            server.vmState = isActive ? .active : .error
            server.taskState = nil
            return true
        }
    }
}
