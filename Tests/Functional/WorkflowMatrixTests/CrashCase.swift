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

    var kind: String { self == .build || self == .delete ? rawValue : WorkflowKindName.power }

    /// What the compute host calls its part.
    var computeMethod: String {
        switch self {
        case .build: "build"
        case .delete: "destroy"
        default: "power.\(rawValue)"
        }
    }

    var change: PowerActionState.Action? { PowerActionState.Action(rawValue: rawValue) }
    /// What a server is after it.
    var success: VMState {
        switch self {
        case .delete: .deleted
        case .stop: .stopped
        default: .active
        }
    }
    /// What a server is after it failed for good.
    var failure: VMState {
        switch self {
        case .build, .rebootHard: .error
        case .delete: .deleted
        case .start: .stopped
        case .stop, .rebootSoft: .active
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

    var description: String {
        "\(action): \(disturbance) at \(point)\(failsAt.map { " after a failure at \($0)" } ?? "") -> \(outcome)"
    }
}
