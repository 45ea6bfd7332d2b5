import NovaCore
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWorkflow

/// Makes an image of a server's root disk: a snapshot, or one of a row of backups.
enum SnapshotWorkflow {
    private static let deadline = Duration.seconds(1800)
    private static let tasks: [TaskState] = [
        .imageSnapshotPending, .imageBackup, .imageSnapshot, .imagePendingUpload, .imageUploading,
    ]

    static func make(_ parts: ConductorParts) -> Workflow<SnapshotState> {
        Workflow(
            WorkflowKindName.snapshot, steps: [image(parts), snapshot(parts), upload(parts), rotate(parts)],
            deadline: deadline,
            stopReason: { connection, state in try ServerAtWork(state.serverID, connection).stopReason() },
            succeeded: { connection, state, _ in
                try ServerTable(connection).change(state.serverID) { rest(&$0) }
            },
            failed: { connection, state, _, error in
                try ServerAtWork(state.serverID, connection).fail(error, nil) { rest(&$0) }
            })
    }

    private static func rest(_ server: inout ServerRecord) {
        if let task = server.taskState, tasks.contains(task) { server.taskState = nil }
    }

    /// The image without data, which nova-api has made already, as a rule.
    private static func image(_ parts: ConductorParts) -> Workflow<SnapshotState>.Step {
        .init(
            "image",
            run: { state, context in
                _ = try await parts.bus.call(
                    AddSnapshotImage(state.image), to: .topic(AddSnapshotImage.topic), context: context.request)
            },
            undo: { state, context in
                _ = try await parts.bus.call(
                    DiscardImage(state.image.id), to: .topic(DiscardImage.topic), context: context.request)
            })
    }

    private static func snapshot(_ parts: ConductorParts) -> Workflow<SnapshotState>.Step {
        .init(
            "snapshot",
            begin: { if $1.backup == nil { try ServerAtWork($1.serverID, $0).show(.imageSnapshot) } },
            run: { state, context in
                let server = try await parts.server(state.serverID)
                let host = try parts.host(of: server)
                _ = try await parts.bus.call(
                    ComputeSnapshot(
                        context.fence, state.serverID, state.image.id,
                        Quiescing(properties: server.imageProperties?.properties ?? [:])),
                    to: .host(ComputeSnapshot.topic, host), context: context.request)
            },
            commit: { try ServerAtWork($1.serverID, $0).show(.imagePendingUpload) },
            undo: { state, context in
                let host = try parts.host(of: try await parts.server(state.serverID))
                _ = try await parts.bus.call(
                    ComputeDiscardSnapshot(context.fence, state.serverID, state.image.id),
                    to: .host(ComputeDiscardSnapshot.topic, host), context: context.request)
            },
            host: { connection, state in try ServerAtWork(state.serverID, connection).host() })
    }

    private static func upload(_ parts: ConductorParts) -> Workflow<SnapshotState>.Step {
        .init(
            "upload",
            begin: { try ServerAtWork($1.serverID, $0).show(.imageUploading) },
            run: { state, context in
                let host = try parts.host(of: try await parts.server(state.serverID))
                let image = try parts.grants.grant(writing: state.image.id, to: host)
                _ = try await parts.bus.call(
                    ComputeUploadSnapshot(context.fence, state.serverID, image),
                    to: .host(ComputeUploadSnapshot.topic, host), context: context.request)
            })
    }

    /// Of backups only so many are kept.
    private static func rotate(_ parts: ConductorParts) -> Workflow<SnapshotState>.Step {
        .init(
            "rotate",
            run: { state, context in
                guard let backup = state.backup else { return }
                _ = try await parts.bus.call(
                    RotateBackups(state.serverID, owner: state.image.owner, backup),
                    to: .topic(RotateBackups.topic), context: context.request)
            })
    }
}
