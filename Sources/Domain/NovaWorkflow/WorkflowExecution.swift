import Logging
import NovaCore
import NovaDatabase
import NovaFaults
import NovaModel
import NovaStore
import NovaWire

/// One conductor's run of one workflow, from where the database says it stands to its end or to the loss of its lease.
///
/// Each transaction takes the record and the state as they are and gives them back changed: what fails to commit is as
/// if it had never been.
struct WorkflowExecution<State: Record>: Sendable {
    /// What the database has of the workflow.
    struct Standing: Sendable {
        var record: WorkflowRecord
        var state: State
        /// The server as it was when the current step began; nil while it is undone.
        var server: ServerRecord?
    }

    let workflow: Workflow<State>
    let database: Database
    let times: WorkflowTimes
    let teller: WorkflowTeller
    let log: Logger

    /// Inside the transaction that takes a workflow: begins its current step, or turns it round when the owner that was
    /// lost with it forbids to go on.
    func begin(_ taken: TakenWorkflow, isLost: Bool, _ connection: Connection) throws -> BegunWorkflow {
        let before = taken.record
        var standing = Standing(record: before, state: try State(decoding: before.data.bytes))
        if isLost, workflow.afterCrash == .undo, mayFail(before) {
            let error = NovaError(.workerLost, "The service that worked on this was lost; what it had done is undone.")
            try close(try step(before), .failed, error.description, standing, connection)
            try turnRound(error, &standing, connection)
        } else if before.goesForward {
            try enter(try step(before), &standing, connection)
        }
        // The taking itself has written the rest.
        if standing.record.state != before.state { try save(&standing, connection) }
        let events = try teller.events(before, standing.record, begins: before.epoch == 1, connection)
        return BegunWorkflow(record: standing.record, server: standing.server, events: events)
    }

    /// Runs a workflow that has begun, until it ends or waits for a retry.
    ///
    /// - Throws: `stale` when the lease is lost; `CancellationError` when the conductor stops.
    func run(_ begun: BegunWorkflow) async throws {
        let state = try State(decoding: begun.record.data.bytes)
        var standing = Standing(record: begun.record, state: state, server: begun.server)
        while standing.record.owner != nil {
            try Task.checkCancellation()
            standing =
                standing.record.goesForward ? try await runStep(standing) : try await undoStep(standing)
        }
    }

    /// A transaction that changes the workflow; it is undone when the lease is lost.
    func write(
        _ standing: Standing, _ body: @escaping @Sendable (inout Standing, Connection) throws -> Void
    ) async throws -> Standing {
        try await Faults.point("workflow.\(workflow.kind).write", standing.record.serverID.description)
        let (after, events) = try await database.write { [teller] connection in
            var after = standing
            after.record.updatedAt = try connection.now()
            try body(&after, connection)
            try save(&after, connection)
            return (after, try teller.events(standing.record, after.record, begins: false, connection))
        }
        teller.tell(events)
        return after
    }

    private func save(_ standing: inout Standing, _ connection: Connection) throws {
        standing.record.data = Blob(standing.state.encoded())
        try WorkflowTable(connection).save(standing.record)
    }

    func step(_ record: WorkflowRecord) throws -> Workflow<State>.Step {
        guard let position = Int(exactly: record.step), workflow.steps.indices.contains(position) else {
            throw NovaError(.internal, "The workflow stands at a step that does not exist.", details: "\(record.id)")
        }
        return workflow.steps[position]
    }

    /// Inside a transaction: begins the current step, with what users see of it, or turns round when there is a reason
    /// to stop.
    func enter(_ step: Workflow<State>.Step, _ standing: inout Standing, _ connection: Connection) throws {
        if mayFail(standing.record), let reason = try workflow.stopReason(connection, standing.state) {
            return try turnRound(reason, &standing, connection)
        }
        try step.begin(connection, standing.state)
        standing.server = try ServerTable(connection).find(standing.record.serverID)
        var line = WorkflowStepRecord()
        line.workflowID = standing.record.id
        line.position = standing.record.step
        line.name = step.name
        line.epoch = standing.record.epoch
        line.startedAt = standing.record.updatedAt
        try WorkflowTable(connection).journal(line)
    }

    /// Inside a transaction: the workflow has failed; its undoing begins, and the visible state is right at once.
    func turnRound(_ error: NovaError, _ standing: inout Standing, _ connection: Connection) throws {
        try workflow.failed(connection, &standing.state, standing.record, error)
        standing.record.state = .undoing
        standing.record.error = WorkflowError(error)
        standing.server = nil
        clearFailures(&standing)
    }

    /// Whether a failure for good leads back.
    func mayFail(_ record: WorkflowRecord) -> Bool {
        record.state == .running && record.step < workflow.mustFinishFrom
    }

    func clearFailures(_ standing: inout Standing) {
        standing.record.attempts = 0
        standing.record.stuckSince = nil
    }

    /// Inside a transaction: ends the step's line of the journal.
    func close(
        _ step: Workflow<State>.Step, _ outcome: WorkflowStepRecord.State, _ error: String?, _ standing: Standing,
        _ connection: Connection
    ) throws {
        try WorkflowTable(connection).closeStep(
            standing.record.id, position: standing.record.step, name: step.name, outcome, error: error,
            at: standing.record.updatedAt)
    }

    /// Inside a transaction: the workflow is over.
    func finish(_ outcome: WorkflowRecord.State, _ standing: inout Standing) {
        standing.record.state = outcome
        standing.record.owner = nil
        standing.record.finishedAt = standing.record.updatedAt
    }

    /// What the journal says instead of an error when an operator has given the step's host up.
    private func abandonment(of step: Workflow<State>.Step, _ standing: Standing) -> String? {
        guard step.host != nil, let reason = standing.record.abandonedReason else { return nil }
        return "abandoned: \(reason)"
    }

    /// Goes one way of a step, unless its host was given up; answers why that failed.
    ///
    /// - Throws: `CancellationError` when the conductor stops.
    private func attempt(
        _ step: Workflow<State>.Step, _ way: String,
        _ body: @Sendable (inout State, StepContext) async throws -> Void, _ standing: inout Standing
    ) async throws -> NovaError? {
        let before = standing
        guard abandonment(of: step, before) == nil else { return nil }
        do {
            try await fault(step, "\(way).before", before)
            try await body(&standing.state, context(before))
            try await fault(step, "\(way).after", before)
            return nil
        } catch is CancellationError where Task.isCancelled {
            throw CancellationError()
        } catch {
            return NovaError(error)
        }
    }

    /// Runs the current step and writes what follows.
    private func runStep(_ before: Standing) async throws -> Standing {
        let step = try step(before.record)
        var standing = before
        let started = SteadyClock.now
        if let error = try await attempt(step, "run", step.run, &standing) {
            return try await failed(error.during("step \(step.name)"), step, standing, since: started)
        }
        try await fault(step, "commit.before", before)
        standing = try await write(standing) { standing, connection in
            try close(step, .done, abandonment(of: step, before), standing, connection)
            try step.commit(connection, standing.state)
            clearFailures(&standing)
            guard standing.record.step + 1 < Int64(workflow.steps.count) else {
                if standing.record.state == .running {
                    try workflow.succeeded(connection, &standing.state, standing.record)
                }
                return finish(.succeeded, &standing)
            }
            standing.record.step += 1
            try enter(try self.step(standing.record), &standing, connection)
        }
        try await fault(step, "commit.after", before)
        return standing
    }

    /// Undoes the current step and writes what follows.
    private func undoStep(_ before: Standing) async throws -> Standing {
        let step = try step(before.record)
        var standing = before
        let started = SteadyClock.now
        if let error = try await attempt(step, "undo", step.undo, &standing) {
            return try await failed(error.during("undoing \(step.name)"), step, standing, since: started)
        }
        return try await write(standing) { standing, connection in
            try close(step, .undone, abandonment(of: step, before), standing, connection)
            try step.undone(connection, standing.state)
            clearFailures(&standing)
            if standing.record.step > 0 {
                standing.record.step -= 1
            } else if standing.record.state == .restarting {
                standing.record.state = .running
                standing.record.error = nil
                try enter(try self.step(standing.record), &standing, connection)
            } else {
                finish(.failed, &standing)
            }
        }
    }

    private func context(_ standing: Standing) -> StepContext {
        let record = standing.record
        return StepContext(
            workflowID: record.id, position: record.step, epoch: record.epoch, acceptedAt: record.createdAt,
            request: record.context.requestContext,
            attempt: record.attempts,
            stuck: record.stuckSince.map { record.updatedAt.elapsed(since: $0) } ?? .zero, server: standing.server)
    }

    private func fault(_ step: Workflow<State>.Step, _ place: String, _ standing: Standing) async throws {
        try await Faults.point(
            "workflow.\(workflow.kind).\(step.name).\(place)", standing.record.serverID.description)
    }
}
