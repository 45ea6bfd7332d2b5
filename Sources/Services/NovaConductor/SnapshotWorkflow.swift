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
        let making = SnapshotSteps<SnapshotState>(parts: parts) { try ServerAtWork($1.serverID, $0).host() }
        return Workflow(
            WorkflowKindName.snapshot,
            steps: [
                making.image(),
                making.snapshot(
                    begin: { if $1.backup == nil { try ServerAtWork($1.serverID, $0).show(.imageSnapshot) } },
                    commit: { try ServerAtWork($1.serverID, $0).show(.imagePendingUpload) }),
                making.upload(begin: { try ServerAtWork($1.serverID, $0).show(.imageUploading) }),
                rotate(parts),
            ],
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
