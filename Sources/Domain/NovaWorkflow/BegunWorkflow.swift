import NovaModel
import NovaStore

/// A workflow that this conductor has taken, with its current step begun.
struct BegunWorkflow: Sendable {
    let record: WorkflowRecord
    /// The server when the step began; nil when the workflow goes back.
    var server: ServerRecord?
    /// What is told of it once that is committed.
    var events: [WorkflowEvent] = []
}
