import NovaCore
import NovaModel
import Testing

/// Each action in each state, against the table of `spec/states.md` written a second time, as text.
@Suite struct StateTableTests {
    struct Row: Sendable {
        let action: ServerAction
        let vmStates: String
        /// "-" is no task; "*" any.
        let taskStates: String
        let isLockable: Bool
        let needsLaunch: Bool
        let sets: String

        init(
            _ action: ServerAction, _ vmStates: String, _ taskStates: String = "-", lock: Bool = true,
            launch: Bool = true, sets: String = ""
        ) {
            self.action = action
            self.vmStates = vmStates
            self.taskStates = taskStates
            isLockable = lock
            needsLaunch = launch
            self.sets = sets
        }
    }

    static let table = [
        Row(.delete, "*", "*", launch: false, sets: "deleting"), Row(.softDelete, "*", "*", sets: "soft-deleting"),
        Row(.forceDelete, "*", "*", launch: false, sets: "deleting"), Row(.restore, "soft-delete", sets: "restoring"),
        Row(.start, "stopped", sets: "powering-on"), Row(.stop, "active error", sets: "powering-off"),
        Row(.rebootSoft, "active", sets: "rebooting"),
        Row(
            .rebootHard, "active stopped paused suspended error",
            "- rebooting reboot_pending reboot_started resuming rebooting_hard unpausing pausing suspending",
            sets: "rebooting_hard"),
        Row(.pause, "active", sets: "pausing"), Row(.unpause, "paused", sets: "unpausing"),
        Row(.suspend, "active", sets: "suspending"), Row(.resume, "suspended", sets: "resuming"),
        Row(.rescue, "active stopped error", sets: "rescuing"), Row(.unrescue, "rescued", sets: "unrescuing"),
        Row(.rebuild, "active stopped error", sets: "rebuilding"), Row(.resize, "active stopped", sets: "resize_prep"),
        Row(.migrate, "active stopped", sets: "resize_prep"), Row(.confirmResize, "resized"),
        Row(.revertResize, "resized", sets: "resize_reverting"), Row(.liveMigrate, "active paused", sets: "migrating"),
        Row(.forceComplete, "active", "migrating"), Row(.abortLiveMigration, "*", "migrating"),
        Row(.evacuate, "active stopped error", "*", lock: false, sets: "rebuilding"),
        Row(.shelve, "active stopped paused suspended", sets: "shelving"),
        Row(.shelveOffload, "shelved", sets: "shelving_offloading"),
        Row(.unshelve, "shelved shelved_offloaded", sets: "unshelving"),
        Row(.createImage, "active stopped paused suspended", lock: false, sets: "image_snapshot_pending"),
        Row(.createBackup, "active stopped paused suspended", lock: false, sets: "image_backup"),
        Row(.changePassword, "active", sets: "updating_password"),
        Row(.triggerCrashDump, "active paused rescued resized error"),
        Row(.attachVolume, "active paused stopped resized soft-delete shelved shelved_offloaded"),
        Row(.detachVolume, "active paused stopped resized soft-delete shelved shelved_offloaded"),
        Row(.swapVolume, "active paused resized"), Row(.attachInterface, "active paused stopped"),
        Row(.detachInterface, "active paused stopped"), Row(.attachShare, "stopped", "*"),
        Row(.detachShare, "stopped error", "*"), Row(.updateMetadata, "active paused suspended stopped", "*"),
        Row(.deleteMetadata, "active paused suspended stopped", "*"),
        Row(.updateTags, "active paused suspended stopped", "*", lock: false, launch: false),
        Row(.addSecurityGroup, "*", "*", lock: false, launch: false),
        Row(.removeSecurityGroup, "*", "*", lock: false, launch: false),
        Row(.lock, "*", "*", lock: false, launch: false), Row(.unlock, "*", "*", lock: false, launch: false),
        Row(.resetState, "*", "*", lock: false, launch: false), Row(.update, "*", "*", lock: false, launch: false),
        Row(.injectNetworkInfo, "*", "*", launch: false),
    ]

    @Test func everyActionHasARow() {
        #expect(Set(Self.table.map(\.action)) == Set(ServerAction.allCases))
    }

    @Test(arguments: table)
    func statesAllow(_ row: Row) {
        let vmStates = Set(row.vmStates.split(separator: " ").map(String.init))
        let taskStates = Set(row.taskStates.split(separator: " ").map(String.init))
        let tasks: [TaskState?] = [nil] + TaskState.allCases
        for vmState in VMState.allCases {
            for task in tasks {
                for hasRun in [true, false] {
                    var server = ServerRecord()
                    server.vmState = vmState
                    server.taskState = task
                    server.launchedAt = hasRun ? .now() : nil
                    let isAllowed =
                        (vmStates == ["*"] || vmStates.contains(vmState.rawValue))
                        && (taskStates == ["*"] || taskStates.contains(task?.rawValue ?? "-"))
                        && (hasRun || !row.needsLaunch)
                    var error: NovaError?
                    do { try row.action.check(server) } catch let refusal { error = NovaError(refusal) }
                    let place = "\(row.action) in \(vmState)/\(task?.rawValue ?? "-") \(hasRun)"
                    #expect((error == nil) == isAllowed, "\(place)")
                    if let error { #expect(error.code == .conflict, "\(place)") }
                }
            }
        }
        #expect((row.action.taskState?.rawValue ?? "") == row.sets)
    }

    @Test(arguments: table)
    func locksRefuseUsers(_ row: Row) throws {
        var server = ServerRecord()
        server.isLocked = true
        let isRefused = (try? row.action.checkLock(server, isAdmin: false)) == nil
        #expect(isRefused == row.isLockable)
        try row.action.checkLock(server, isAdmin: true)
        server.isLocked = false
        try row.action.checkLock(server, isAdmin: false)
    }

    @Test(arguments: [
        (VMState.active, TaskState?.none, "ACTIVE"), (.active, .rebootStarted, "REBOOT"),
        (.active, .rebootPendingHard, "HARD_REBOOT"), (.active, .updatingPassword, "PASSWORD"),
        (.active, .rebuildSpawning, "REBUILD"), (.active, .migrating, "MIGRATING"), (.active, .resizeFinish, "RESIZE"),
        (.active, .pausing, "ACTIVE"), (.stopped, .resizePrep, "RESIZE"), (.resized, .resizeReverting, "REVERT_RESIZE"),
        (.resized, nil, "VERIFY_RESIZE"), (.paused, .migrating, "MIGRATING"), (.error, .rebuilding, "REBUILD"),
        (.softDeleted, nil, "SOFT_DELETED"), (.shelvedOffloaded, nil, "SHELVED_OFFLOADED"), (.rescued, nil, "RESCUE"),
    ])
    func statusOfStates(_ vmState: VMState, _ task: TaskState?, _ status: String) {
        #expect(ServerStatus.name(vmState, task) == status)
        #expect(ServerStatus.vmStates(named: status.lowercased())?.contains(vmState) == true)
    }
}
