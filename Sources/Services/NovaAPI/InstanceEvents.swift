import NovaCore
import NovaModel
import NovaStore

/// The journal of a workflow as the events of an instance action.
struct InstanceEvents {
    struct Event {
        var name: String
        var startedAt: Timestamp
        var finishedAt: Timestamp?
        /// Nil while the step runs.
        var result: String?
        /// The error with what operators may read.
        var traceback: String?
        /// What users may read of the error.
        var details: String?
        /// Whether a compute host did it.
        var isOnHost: Bool
    }

    /// In the order of their beginnings.
    let all: [Event]

    init(_ action: InstanceActionTable.Action, server: ServerRecord) {
        let name = action.workflow.action
        let fault = action.workflow.error?.message
        all = action.steps.map { step in
            let event = InstanceAction.event(action: name, step: step.name)
            return Event(
                name: event, startedAt: step.startedAt, finishedAt: step.finishedAt, result: Self.result(step),
                traceback: step.error, details: step.error == nil ? nil : fault ?? "The step failed.",
                isOnHost: InstanceAction.isOnHost(event: event))
        }
    }

    /// Whether anything went wrong, also when it came right in the end on another host.
    var hasFailed: Bool { all.contains { $0.result == "Error" } }

    /// A step that was undone had ended well, unless it has an error.
    private static func result(_ step: WorkflowStepRecord) -> String? {
        guard step.finishedAt != nil else { return nil }
        return step.error == nil ? "Success" : "Error"
    }
}
