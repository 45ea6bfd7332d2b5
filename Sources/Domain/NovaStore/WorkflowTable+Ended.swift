public import NovaCore
import NovaDatabase
import NovaWire

// Actions that were done while their caller waited: they have no steps, but stand among the server's actions.
extension WorkflowTable {
    /// Adds a workflow that has ended.
    public func insert(_ workflow: WorkflowRecord, endedBy outcome: Result<Void, NovaError>) throws {
        var workflow = workflow
        try insert(workflow)
        workflow = try find(workflow.id) ?? workflow
        if case .failure(let error) = outcome { workflow.error = WorkflowError(error) }
        workflow.state = workflow.error == nil ? .succeeded : .failed
        workflow.finishedAt = workflow.createdAt
        try save(workflow)
    }
}
