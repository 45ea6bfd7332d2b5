import CloudKit
import NovaCore
import NovaFaults
import NovaModel

/// What users ask for, and the workflow that does it.
enum UserAction: String, CaseIterable {
    case build
    case delete
    case start
    case stop
    case rebootSoft
    case rebootHard
    case pause
    case unpause
    case suspend
    case resume
    case softDelete
    case restore
    case rescue
    case unrescue
    case rebuild
    case snapshot
    case resize
    case confirmResize
    case revertResize
    case evacuate
    case liveMigrate
    case shelve
    case shelveOffload
    case unshelve
    case attachInterface
    case detachInterface

    /// The workflow that does it.
    var kind: String { change == nil ? rawValue : WorkflowKindName.power }

    /// What the compute host calls its parts.
    var computeMethods: [String] {
        switch self {
        case .delete: ["destroy"]
        case .snapshot: ["snapshot", "upload_snapshot"]
        case .resize: ["set_aside", "fetch_disks", "finish_move"]
        case .confirmResize, .shelveOffload: ["destroy"]
        case .revertResize: ["power.stop", "bring_back", "destroy"]
        case .evacuate: ["build", "destroy"]
        case .liveMigrate: ["prepare_guest", "migrate", "receive_guest", "destroy"]
        case .shelve: ["power.stop", "snapshot", "upload_snapshot"]
        case .unshelve: ["build"]
        case .attachInterface: ["attach_interface"]
        case .detachInterface: ["detach_interface"]
        default: [change.map { "power.\($0.onHost)" } ?? rawValue]
        }
    }

    var change: PowerActionState.Action? { PowerActionState.Action(rawValue: rawValue) }
    /// What must have been done to a server before.
    var first: UserAction? {
        switch self {
        case .start: .stop
        case .unpause: .pause
        case .resume: .suspend
        case .restore: .softDelete
        case .unrescue: .rescue
        case .confirmResize, .revertResize: .resize
        case .shelveOffload: .shelve
        case .unshelve: .shelveOffload
        case .detachInterface: .attachInterface
        default: nil
        }
    }
    /// The step from which on it cannot fail for good.
    var mustFinishFrom: String? {
        switch self {
        case .delete: "destroy"
        case .confirmResize, .evacuate: "source"
        case .revertResize: "restore"
        case .liveMigrate: "network"
        case .shelve, .shelveOffload: "offload"
        case .unshelve: "image"
        case .detachInterface: "port"
        default: nil
        }
    }
    /// Where its last step that may fail fails: after its work, and before where the way back is another one then.
    var failurePlaces: [String] { self == .liveMigrate ? ["run.before", "run.after"] : ["run.after"] }
    /// What a server is after it.
    var success: VMState {
        switch self {
        case .delete: .deleted
        case .stop: .stopped
        case .pause: .paused
        case .suspend: .suspended
        case .softDelete: .softDeleted
        case .rescue: .rescued
        case .resize: .resized
        case .shelve: .shelved
        case .shelveOffload: .shelvedOffloaded
        default: .active
        }
    }
    /// What a server is when it failed and its host says that the guest has changed all the same.
    var told: VMState { self == .softDelete ? .stopped : success }
    /// What a server is after it failed for good; see ``CrashCase/failure``.
    var failure: VMState {
        switch self {
        case .build, .rebootHard, .rebuild: .error
        case .delete: .deleted
        case .start: .stopped
        case .unpause: .paused
        case .resume: .suspended
        case .restore: .softDeleted
        case .unrescue: .rescued
        case .confirmResize, .revertResize: .resized
        case .shelveOffload: .shelved
        case .unshelve: .shelvedOffloaded
        case .stop, .rebootSoft, .pause, .suspend, .softDelete, .rescue, .snapshot, .resize, .evacuate, .shelve,
            .attachInterface, .detachInterface, .liveMigrate:
            .active
        }
    }
}

/// What goes wrong.
enum Disturbance: Sendable {
    /// The point throws so many times.
    case fails(NovaError.Code, times: Int)
    case conductorKilled
    /// Stands still until another has done its work, then goes on.
    case conductorFrozen
    case computeKilled
    case brokerKilled
    /// So many commits of a database fail.
    case databaseLost(String, times: Int)
}

/// One case: an action, where it is disturbed and how, and how it must end.
struct CrashCase: Sendable, CustomStringConvertible {
    enum Outcome: String { case succeeds, fails }

    var action: UserAction
    /// The name of the point where it happens.
    var point: String
    var disturbance: Disturbance
    var outcome = Outcome.succeeds
    /// A second fault, which makes the workflow turn round.
    var failsAt: String?

    /// What the server is when the case fails.
    var failure: VMState {
        // Before the guest is touched nothing is lost.
        action == .rebuild && (failsAt ?? point).contains(".prepare.") ? .active : action.failure
    }

    var description: String {
        "\(action): \(disturbance) at \(point)\(failsAt.map { " after a failure at \($0)" } ?? "") -> \(outcome)"
    }
}
