import NovaCore

/// What users may do to a server, and in which states (`spec/states.md`, "Allowed states per action").
public enum ServerAction: String, Sendable, CaseIterable {
    case delete
    case softDelete
    case forceDelete
    case restore
    case start
    case stop
    case rebootSoft = "reboot"
    case rebootHard = "reboot_hard"
    case pause
    case unpause
    case suspend
    case resume
    case rescue
    case unrescue
    case rebuild
    case resize
    case migrate
    case confirmResize
    case revertResize
    case liveMigrate = "live-migration"
    case forceComplete = "live_migration_force_complete"
    case abortLiveMigration = "live_migration_cancel"
    case evacuate
    case shelve
    case shelveOffload
    case unshelve
    case createImage
    case createBackup
    case changePassword
    case triggerCrashDump = "trigger_crash_dump"
    case attachVolume = "attach_volume"
    case detachVolume = "detach_volume"
    case swapVolume = "swap_volume"
    case attachInterface = "attach_interface"
    case detachInterface = "detach_interface"
    case attachShare = "attach_share"
    case detachShare = "detach_share"
    case updateMetadata = "update_metadata"
    case deleteMetadata = "delete_metadata"
    case updateTags = "update_tags"
    case addSecurityGroup
    case removeSecurityGroup
    case lock
    case unlock
    case resetState
    case update
    case injectNetworkInfo

    /// The states in which an action may begin.
    public struct Rule: Sendable {
        public var vmStates: Set<VMState>
        /// The task states beside none in which it may begin too; nil: any.
        public var taskStates: Set<TaskState>? = []
        /// Whether a server without a task may begin it.
        public var isForServersAtRest = true
        /// Whether the server must have run once.
        public var needsLaunch = true
        /// Whether a locked server refuses it to users.
        public var respectsLock = true
        /// What the API sets when it accepts the action.
        public var taskState: TaskState?
    }

    /// The states in which the action may begin.
    public var rule: Rule {
        switch self {
        case .delete: Rule(vmStates: Self.any, taskStates: nil, needsLaunch: false, taskState: .deleting)
        case .softDelete: Rule(vmStates: Self.any, taskStates: nil, taskState: .softDeleting)
        case .forceDelete: Rule(vmStates: Self.any, taskStates: nil, needsLaunch: false, taskState: .deleting)
        case .restore: Rule(vmStates: [.softDeleted], taskState: .restoring)
        case .start: Rule(vmStates: [.stopped], taskState: .poweringOn)
        case .stop: Rule(vmStates: [.active, .error], taskState: .poweringOff)
        case .rebootSoft: Rule(vmStates: [.active], taskState: .rebooting)
        case .rebootHard:
            Rule(
                vmStates: [.active, .stopped, .paused, .suspended, .error],
                taskStates: [
                    .rebooting, .rebootPending, .rebootStarted, .resuming, .rebootingHard, .unpausing, .pausing,
                    .suspending,
                ], taskState: .rebootingHard)
        case .pause: Rule(vmStates: [.active], taskState: .pausing)
        case .unpause: Rule(vmStates: [.paused], taskState: .unpausing)
        case .suspend: Rule(vmStates: [.active], taskState: .suspending)
        case .resume: Rule(vmStates: [.suspended], taskState: .resuming)
        case .rescue: Rule(vmStates: [.active, .stopped, .error], taskState: .rescuing)
        case .unrescue: Rule(vmStates: [.rescued], taskState: .unrescuing)
        case .rebuild: Rule(vmStates: [.active, .stopped, .error], taskState: .rebuilding)
        case .resize, .migrate: Rule(vmStates: [.active, .stopped], taskState: .resizePrep)
        case .confirmResize: Rule(vmStates: [.resized])
        case .revertResize: Rule(vmStates: [.resized], taskState: .resizeReverting)
        case .liveMigrate: Rule(vmStates: [.active, .paused], taskState: .migrating)
        case .forceComplete: Rule(vmStates: [.active], taskStates: [.migrating], isForServersAtRest: false)
        case .abortLiveMigration: Rule(vmStates: Self.any, taskStates: [.migrating], isForServersAtRest: false)
        case .evacuate:
            Rule(
                vmStates: [.active, .stopped, .error], taskStates: nil, respectsLock: false, taskState: .rebuilding)
        case .shelve: Rule(vmStates: [.active, .stopped, .paused, .suspended], taskState: .shelving)
        case .shelveOffload: Rule(vmStates: [.shelved], taskState: .shelvingOffloading)
        case .unshelve: Rule(vmStates: [.shelved, .shelvedOffloaded], taskState: .unshelving)
        case .createImage:
            Rule(
                vmStates: [.active, .stopped, .paused, .suspended], respectsLock: false,
                taskState: .imageSnapshotPending)
        case .createBackup:
            Rule(vmStates: [.active, .stopped, .paused, .suspended], respectsLock: false, taskState: .imageBackup)
        case .changePassword: Rule(vmStates: [.active], taskState: .updatingPassword)
        case .triggerCrashDump: Rule(vmStates: [.active, .paused, .rescued, .resized, .error])
        case .attachVolume, .detachVolume:
            Rule(vmStates: [.active, .paused, .stopped, .resized, .softDeleted, .shelved, .shelvedOffloaded])
        case .swapVolume: Rule(vmStates: [.active, .paused, .resized])
        case .attachInterface, .detachInterface: Rule(vmStates: [.active, .paused, .stopped])
        case .attachShare: Rule(vmStates: [.stopped], taskStates: nil)
        case .detachShare: Rule(vmStates: [.stopped, .error], taskStates: nil)
        case .updateMetadata, .deleteMetadata:
            Rule(vmStates: [.active, .paused, .suspended, .stopped], taskStates: nil)
        case .updateTags:
            Rule(
                vmStates: [.active, .paused, .suspended, .stopped], taskStates: nil, needsLaunch: false,
                respectsLock: false)
        case .addSecurityGroup, .removeSecurityGroup, .lock, .unlock, .resetState, .update:
            Rule(vmStates: Self.any, taskStates: nil, needsLaunch: false, respectsLock: false)
        case .injectNetworkInfo: Rule(vmStates: Self.any, taskStates: nil, needsLaunch: false)
        }
    }

    private static let any = Set(VMState.allCases)

    /// The task state that the API sets when it accepts the action; nil when it sets none.
    public var taskState: TaskState? { rule.taskState }

    /// The name in `os-instance-actions`.
    public var recordedName: String { self == .rebootHard ? "reboot" : rawValue }

    /// The name in what users are told.
    private var spokenName: String {
        switch self {
        case .liveMigrate: "os-migrateLive"
        case .forceComplete: "force_complete"
        case .abortLiveMigration: "abort live migration"
        default: recordedName
        }
    }

    /// Checks that the action may begin.
    ///
    /// - Throws: ``NovaError`` `conflict` with Nova's words.
    public func check(_ server: ServerRecord) throws {
        let rule = rule
        guard rule.vmStates.contains(server.vmState) else {
            throw conflict(server, "vm_state \(server.vmState.rawValue)")
        }
        let fits = server.taskState.map { rule.taskStates?.contains($0) ?? true } ?? rule.isForServersAtRest
        guard fits else { throw conflict(server, "task_state \(server.taskState?.rawValue ?? "None")") }
        guard !rule.needsLaunch || server.launchedAt != nil else { throw conflict(server, "launched_at None") }
    }

    /// Checks that the server is not locked for whoever asks.
    ///
    /// - Throws: ``NovaError`` `conflict`.
    public func checkLock(_ server: ServerRecord, isAdmin: Bool) throws {
        guard rule.respectsLock, server.isLocked, !isAdmin else { return }
        throw NovaError(.conflict, "Instance \(server.id) is locked")
    }

    private func conflict(_ server: ServerRecord, _ state: String) -> NovaError {
        NovaError(.conflict, "Cannot '\(spokenName)' instance \(server.id) while it is in \(state)")
    }
}
