public import NovaCore
import NovaDatabase
import NovaWire

// The journal: what each step did, and when.
extension WorkflowTable {
    /// Writes a line of the journal.
    public func journal(_ step: WorkflowStepRecord) throws {
        try connection.upsert(step, into: "workflow_steps", key: ["workflow_id", "position", "name"])
    }

    /// Ends a line of the journal.
    public func closeStep(
        _ id: WorkflowID, position: Int64, name: String, _ state: WorkflowStepRecord.State, error: String?,
        at time: Timestamp
    ) throws {
        try connection.post(
            """
            UPDATE workflow_steps SET state = ?4, finished_at = ?5, error = coalesce(?6, error)
            WHERE workflow_id = ?1 AND position = ?2 AND name = ?3
            """, [id.column, position.column, name.column, state.column, time.column, error.column])
    }

    /// Notes why an attempt at a step failed; the line stays open.
    public func noteFailure(_ id: WorkflowID, position: Int64, name: String, error: String) throws {
        try connection.post(
            "UPDATE workflow_steps SET error = ? WHERE workflow_id = ? AND position = ? AND name = ?",
            [.text(error), id.column, position.column, name.column])
    }

    /// A workflow's journal, in order.
    public func journal(of id: WorkflowID) throws -> [WorkflowStepRecord] {
        try connection.records(
            WorkflowStepRecord.self, from: "workflow_steps", where: "workflow_id = ?", [id.column],
            suffix: "ORDER BY started_at, position")
    }
}
