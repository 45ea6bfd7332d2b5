public import NovaWire

/// What a server is, between actions (`spec/states.md`, "Value sets").
public enum VMState: String, WireEnum {
    case building
    case active
    case paused
    case suspended
    case stopped
    case rescued
    case resized
    case softDeleted = "soft-delete"
    case deleted
    case error
    case shelved
    case shelvedOffloaded = "shelved_offloaded"
}

/// What is being done to a server; a server at rest has none.
public enum TaskState: String, WireEnum {
    case scheduling
    case blockDeviceMapping = "block_device_mapping"
    case networking
    case spawning
    case rebooting
    case rebootingHard = "rebooting_hard"
    case poweringOff = "powering-off"
    case poweringOn = "powering-on"
    case deleting
    case imageSnapshot = "image_snapshot"
    case imageSnapshotPending = "image_snapshot_pending"
    case imagePendingUpload = "image_pending_upload"
    case imageUploading = "image_uploading"
    case imageBackup = "image_backup"
    case updatingPassword = "updating_password"
    case resizePrep = "resize_prep"
    case resizeMigrating = "resize_migrating"
    case resizeMigrated = "resize_migrated"
    case resizeFinish = "resize_finish"
    case resizeReverting = "resize_reverting"
    case resizeConfirming = "resize_confirming"
    case rebootPending = "reboot_pending"
    case rebootStarted = "reboot_started"
    case rebootPendingHard = "reboot_pending_hard"
    case rebootStartedHard = "reboot_started_hard"
    case pausing
    case unpausing
    case suspending
    case resuming
    case rescuing
    case unrescuing
    case rebuilding
    case rebuildBlockDeviceMapping = "rebuild_block_device_mapping"
    case rebuildSpawning = "rebuild_spawning"
    case migrating
    case softDeleting = "soft-deleting"
    case restoring
    case shelving
    case shelvingImagePendingUpload = "shelving_image_pending_upload"
    case shelvingImageUploading = "shelving_image_uploading"
    case shelvingOffloading = "shelving_offloading"
    case unshelving
}

/// What the hypervisor says of an instance; the numbers are the Compute API's.
public enum PowerState: String, WireEnum {
    case noState
    case running
    case paused
    case shutdown
    case crashed
    case suspended

    /// The value of `OS-EXT-STS:power_state`.
    public var number: Int64 {
        switch self {
        case .noState: 0
        case .running: 1
        case .paused: 3
        case .shutdown: 4
        case .crashed: 6
        case .suspended: 7
        }
    }
}

/// The status that users see, from the two states (`spec/states.md`, "API status").
public enum ServerStatus {
    /// What each vm_state shows, and the task states that show something else.
    private static let table: [VMState: (usual: String, special: [String: [TaskState]])] = [
        .active: (
            "ACTIVE",
            [
                "REBOOT": [.rebooting, .rebootPending, .rebootStarted],
                "HARD_REBOOT": [.rebootingHard, .rebootPendingHard, .rebootStartedHard],
                "PASSWORD": [.updatingPassword], "MIGRATING": [.migrating], "REBUILD": rebuilding, "RESIZE": resizing,
            ]
        ),
        .building: ("BUILD", [:]), .stopped: ("SHUTOFF", ["RESIZE": resizing, "REBUILD": rebuilding]),
        .resized: ("VERIFY_RESIZE", ["REVERT_RESIZE": [.resizeReverting]]),
        .paused: ("PAUSED", ["MIGRATING": [.migrating]]), .suspended: ("SUSPENDED", [:]), .rescued: ("RESCUE", [:]),
        .error: ("ERROR", ["REBUILD": rebuilding]), .deleted: ("DELETED", [:]), .softDeleted: ("SOFT_DELETED", [:]),
        .shelved: ("SHELVED", [:]), .shelvedOffloaded: ("SHELVED_OFFLOADED", [:]),
    ]
    private static let rebuilding: [TaskState] = [.rebuilding, .rebuildBlockDeviceMapping, .rebuildSpawning]
    private static let resizing: [TaskState] = [.resizePrep, .resizeMigrating, .resizeMigrated, .resizeFinish]

    public static func name(_ vmState: VMState, _ taskState: TaskState?) -> String {
        guard let row = table[vmState] else { return "UNKNOWN" }
        if let taskState, let special = row.special.first(where: { $0.value.contains(taskState) }) {
            return special.key
        }
        return row.usual
    }

    /// The vm_states that a status may stand for, for filters; nil for a word that is no status.
    public static func vmStates(named status: String) -> [VMState]? {
        let wanted = status.uppercased()
        let states = VMState.allCases.filter { state in
            table[state].map { $0.usual == wanted || $0.special[wanted] != nil } ?? false
        }
        return states.isEmpty ? nil : states
    }
}
