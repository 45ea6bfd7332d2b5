import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore
import NovaWire

/// Deletes servers: at once, or after a while in which they can be restored (`[DEFAULT] reclaim_instance_interval`).
struct DeletionResource: Sendable {
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .delete, "/servers/{id}", name: "os_compute_api:servers:delete", policy: Rules.member,
                success: 204, summary: "Deletes a server."
            ) { request in
                try await (parts.keepsDeleted ? softDelete : delete)(request)
                return .empty(204)
            },
            Operation(
                .post, "/servers/{id}/action", name: "os_compute_api:os-deferred-delete:force", action: "forceDelete",
                body: ServerSchemas.action("forceDelete", .any), policy: Rules.member, success: 202,
                summary: "Deletes a server, also where others are kept for a while."
            ) { request in
                try await delete(request)
                return .empty(202)
            },
            Operation(
                .post, "/servers/{id}/action", name: "os_compute_api:os-deferred-delete:restore", action: "restore",
                body: ServerSchemas.action("restore", .any), policy: Rules.member, success: 202,
                summary: "Brings back a deleted server that was kept."
            ) { request in
                try await restore(request)
                return .empty(202)
            },
        ]
    }

    /// Accepts the deletion and its workflow in one transaction; a deletion that is under way is not begun twice.
    private func delete(_ request: APIRequest) async throws {
        let server = try await parts.server(request)
        try ServerAction.delete.checkLock(server, isAdmin: request.caller.isAdmin)
        let workflow = WorkflowRecord(
            kind: WorkflowKindName.delete, server: server.id, context: request.context,
            data: DeleteState(server.id).encoded(), now: .now())
        let isNew = try await parts.database.write { connection in
            var isNew = false
            try ServerTable(connection).change(server.id) { server in
                isNew = server.taskState != .deleting
                server.taskState = .deleting
            }
            if isNew { try WorkflowTable(connection).insert(workflow) }
            return isNew
        }
        if isNew { parts.wakeConductor(workflow.id, request.context) }
    }

    /// Stops a server and keeps it; one that never ran, or lives nowhere, has nothing to keep.
    private func softDelete(_ request: APIRequest) async throws {
        let server = try await parts.server(request)
        guard server.launchedAt != nil, server.host != nil, server.taskState != .deleting else {
            return try await delete(request)
        }
        guard server.vmState != .softDeleted, server.taskState != .softDeleting else { return }
        try await parts.accept(.softDelete, request, WorkflowKindName.power) { server in
            PowerActionState(server.id, .softDelete)
        }
    }

    private func restore(_ request: APIRequest) async throws {
        let isUnlimited = parts.quota.isUnlimited(try request.caller.projectName)
        let quota = parts.quota
        try await parts.accept(
            .restore, request, WorkflowKindName.power,
            admit: { server, connection in
                guard !isUnlimited else { return }
                try ServerTable(connection).takeTurn()
                let limits = try quota.allLimits(of: server.projectID, user: server.userID, connection)
                _ = try Quota.fitting((minimum: 1, maximum: 1), server, limits, connection)
            },
            { server in PowerActionState(server.id, .restore) })
    }
}
