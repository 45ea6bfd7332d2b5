import NovaWire

/// What workflows are called in `os-instance-actions` (`spec/states.md`, "Instance actions").
public enum InstanceAction {
    /// The name of the action that a workflow does: "create", "reboot".
    ///
    /// - Parameters:
    ///   - kind: the workflow's name.
    ///   - data: the wire form of its state.
    public static func name(kind: String, data: [UInt8]) -> String {
        switch kind {
        case WorkflowKindName.build: return "create"
        case WorkflowKindName.power:
            // A state that cannot be read still was some power action.
            guard let state = try? PowerActionState(decoding: data) else { return kind }
            return state.action.serverAction.recordedName
        case WorkflowKindName.snapshot:
            guard let state = try? SnapshotState(decoding: data) else { return kind }  // as above
            return (state.backup == nil ? ServerAction.createImage : .createBackup).recordedName
        case WorkflowKindName.resize:
            guard let state = try? MoveState(decoding: data) else { return kind }  // as above
            return (state.move.keepsFlavor ? ServerAction.migrate : .resize).recordedName
        case WorkflowKindName.attachInterface: return ServerAction.attachInterface.recordedName
        case WorkflowKindName.detachInterface: return ServerAction.detachInterface.recordedName
        case WorkflowKindName.liveMigrate: return ServerAction.liveMigrate.recordedName
        case WorkflowKindName.password: return ServerAction.changePassword.recordedName
        default: return kind
        }
    }

    /// The name of a step of an action: Nova's where Nova has one, else the step's own.
    public static func event(action: String, step: String) -> String {
        switch (action, step) {
        case ("create", "schedule"): "schedule_instances"
        case ("create", "build"): "compute__do_build_and_run_instance"
        case ("delete", "destroy"): "compute_terminate_instance"
        case ("trigger_crash_dump", "power"): "compute_trigger_crash_dump"
        case ("softDelete", "power"): "compute_soft_delete_instance"
        case (_, "power"), ("rescue", "rescue"), ("unrescue", "unrescue"), ("rebuild", "rebuild"):
            "compute_\(action)_instance"
        case ("createImage", "snapshot"): "compute_snapshot_instance"
        case ("createBackup", "snapshot"): "compute_backup_instance"
        case ("resize", "schedule"), ("migrate", "schedule"): "cold_migrate"
        case ("resize", "prepare"), ("migrate", "prepare"): "compute_prep_resize"
        case ("resize", "stop"), ("migrate", "stop"): "compute_resize_instance"
        case ("resize", "finish"), ("migrate", "finish"): "compute_finish_resize"
        case ("live-migration", "schedule"): "conductor_live_migrate_instance"
        case ("live-migration", "check"): "compute_check_can_live_migrate_destination"
        case ("live-migration", "prepare"): "compute_pre_live_migration"
        case ("live-migration", "migrate"): "compute_live_migration"
        case ("live-migration", "finish"): "compute_post_live_migration_at_destination"
        case ("confirmResize", "source"): "compute_confirm_resize"
        case ("revertResize", "stop"): "compute_revert_resize"
        case ("revertResize", "restore"): "compute_finish_revert_resize"
        case ("evacuate", "schedule"): "rebuild_server"
        case ("evacuate", "build"): "compute_rebuild_instance"
        case ("shelve", "snapshot"): "compute_shelve_instance"
        case ("shelve", "offload"), ("shelveOffload", "offload"): "compute_shelve_offload_instance"
        case ("attach_interface", "attach"): "compute_attach_interface"
        case ("detach_interface", "detach"): "compute_detach_interface"
        case ("unshelve", "schedule"): "schedule_instances"
        case ("unshelve", "start"): "compute_unshelve_instance"
        default: step
        }
    }

    /// Whether an event is the work of a compute host.
    public static func isOnHost(event: String) -> Bool { event.hasPrefix("compute_") }
}
