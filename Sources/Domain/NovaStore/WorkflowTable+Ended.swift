public import NovaCore
import NovaDatabase
import NovaWire

// Actions that were done while their caller waited: they have no steps, but stand among the server's actions.
extension WorkflowTable {
    /// Adds a workflow that has ended.
    public func insert(_ workflow: WorkflowRecord, endedBy outcome: Result<Void, NovaError>) throws {
        try insert(workflow)
        try end(workflow, by: outcome)
    }

    /// Adds a workflow that is nothing but a change of the server's row.
    ///
    /// - Parameters:
    ///   - event: the one line of its journal; nil for none.
    ///   - change: changes the row; the server's history has its states before and after.
    public func insert(_ workflow: WorkflowRecord, event: String?, doneBy change: () throws -> Void) throws {
        try insert(workflow)
        try change()
        if let event {
            var step = WorkflowStepRecord()
            step.workflowID = workflow.id
            step.name = event
            step.state = .done
            step.startedAt = workflow.createdAt
            step.finishedAt = try connection.now()
            try journal(step)
        }
        try end(workflow, by: .success(()))
    }

    private func end(_ workflow: WorkflowRecord, by outcome: Result<Void, NovaError>) throws {
        var workflow = try find(workflow.id) ?? workflow
        if case .failure(let error) = outcome { workflow.error = WorkflowError(error) }
        workflow.state = workflow.error == nil ? .succeeded : .failed
        workflow.finishedAt = workflow.createdAt
        try save(workflow)
    }
}
