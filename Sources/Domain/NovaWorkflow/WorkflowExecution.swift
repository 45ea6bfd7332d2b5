import Logging
import NovaCore
import NovaDatabase
import NovaStore
import NovaWire

/// One conductor's run of one workflow, from where the database says it stands to its end or to the loss of its lease.
struct WorkflowExecution<State: Record>: Sendable {
    let workflow: Workflow<State>
    let database: Database
    let log: Logger

    /// Runs until the workflow ends or waits for a retry.
    ///
    /// - Throws: `stale` when the lease is lost; `CancellationError` when the conductor stops.
    func run(_ leased: WorkflowRecord) async throws {
        var record = leased
        var state = try State(decoding: record.data.bytes)
        if record.state == .running { try await begin(&record, &state) }
        while record.finishedAt == nil {
            try Task.checkCancellation()
            let isOver =
                record.state == .undoing
                ? try await undoStep(&record, &state) : try await runStep(&record, &state)
            if isOver { return }
        }
    }

    private func context(_ record: WorkflowRecord) -> StepContext {
        StepContext(
            workflowID: record.id, position: record.step, epoch: record.epoch, request: record.context.requestContext,
            attempt: record.attempts)
    }

    private func step(_ record: WorkflowRecord) throws -> Workflow<State>.Step {
        guard let position = Int(exactly: record.step), workflow.steps.indices.contains(position) else {
            throw NovaError(.internal, "The workflow stands at a step that does not exist.", details: "\(record.id)")
        }
        return workflow.steps[position]
    }

    /// Writes that the current step begins, with what users see of it.
    private func begin(_ record: inout WorkflowRecord, _ state: inout State) async throws {
        let step = try step(record)
        (record, state) = try await database.write { [record, state] connection in
            var record = record
            var state = state
            try enter(step, &record, &state, connection)
            return (record, state)
        }
    }

    /// Inside a transaction: begins a step, or turns round when there is a reason to stop.
    private func enter(
        _ step: Workflow<State>.Step, _ record: inout WorkflowRecord, _ state: inout State, _ connection: Connection
    ) throws {
        let table = WorkflowTable(connection)
        if let reason = try workflow.stopReason(connection, state) {
            return try turnRound(reason, &record, &state, connection)
        }
        try step.begin(connection, state)
        var line = WorkflowStepRecord()
        line.workflowID = record.id
        line.position = record.step
        line.name = step.name
        line.epoch = record.epoch
        line.startedAt = .now()
        try table.journal(line)
        record.data = Blob(state.encoded())
        record.updatedAt = line.startedAt
        try table.save(record)
    }

    /// Inside a transaction: the workflow has failed; its undoing begins, and the visible state is right at once.
    private func turnRound(
        _ error: NovaError, _ record: inout WorkflowRecord, _ state: inout State, _ connection: Connection
    ) throws {
        try workflow.failed(connection, &state, record, error)
        record.state = .undoing
        record.error = WorkflowError(error)
        record.attempts = 0
        record.data = Blob(state.encoded())
        record.updatedAt = .now()
        try WorkflowTable(connection).save(record)
    }

    /// Runs the current step and writes what follows; true when this run is over.
    private func runStep(_ record: inout WorkflowRecord, _ state: inout State) async throws -> Bool {
        let step = try step(record)
        do {
            try await step.run(&state, context(record))
        } catch is CancellationError where Task.isCancelled {
            throw CancellationError()
        } catch {
            return try await stepFailed(NovaError(error).during("step \(step.name)"), step, &record, &state)
        }
        let next = WorkflowProgress.afterSuccess(of: record.step, steps: workflow.steps.count)
        (record, state) = try await database.write { [record, state] connection in
            var record = record
            var state = state
            try close(step, .done, nil, record, connection)
            try step.commit(connection, state)
            record.attempts = 0
            if case .run(let position) = next {
                record.step = position
                try enter(workflow.steps[Int(position)], &record, &state, connection)
            } else {
                try workflow.succeeded(connection, &state, record)
                try finish(.succeeded, &record, state, connection)
            }
            return (record, state)
        }
        return record.finishedAt != nil
    }

    private func stepFailed(
        _ error: NovaError, _ step: Workflow<State>.Step, _ record: inout WorkflowRecord, _ state: inout State
    ) async throws -> Bool {
        let now = Timestamp.now()
        if WorkflowProgress.shouldRetry(error, now: now, createdAt: record.createdAt, deadline: workflow.deadline) {
            log.info("step \(step.name) of \(workflow.kind) \(record.id) will be tried again: \(error)")
            return try await pause(&record, state, error)
        }
        log.warning("step \(step.name) of \(workflow.kind) \(record.id) failed: \(error)")
        (record, state) = try await database.write { [record, state] connection in
            var record = record
            var state = state
            try close(step, .failed, error, record, connection)
            if step.onFailure(error, &state) == .restart {
                // Not the workflow's failure: what was done is undone, then it goes forward again from the first step.
                record.state = .undoing
                record.attempts = 0
                record.data = Blob(state.encoded())
                record.updatedAt = now
                try WorkflowTable(connection).save(record)
            } else {
                try turnRound(error, &record, &state, connection)
            }
            return (record, state)
        }
        return false
    }

    /// Undoes the current step and writes what follows; true when this run is over.
    private func undoStep(_ record: inout WorkflowRecord, _ state: inout State) async throws -> Bool {
        let step = try step(record)
        do {
            try await step.undo(&state, context(record))
        } catch is CancellationError where Task.isCancelled {
            throw CancellationError()
        } catch {
            log.warning("undoing \(step.name) of \(workflow.kind) \(record.id) will be tried again: \(error)")
            return try await pause(&record, state, NovaError(error))
        }
        // Undoing without an error is a restart.
        let next = WorkflowProgress.afterUndo(of: record.step, restarts: record.error == nil)
        (record, state) = try await database.write { [record, state] connection in
            var record = record
            var state = state
            try close(step, .undone, nil, record, connection)
            record.attempts = 0
            switch next {
            case .run(let position):
                record.step = position
                record.state = .running
                try enter(workflow.steps[Int(position)], &record, &state, connection)
            case .undo(let position):
                record.step = position
                record.data = Blob(state.encoded())
                record.updatedAt = .now()
                try WorkflowTable(connection).save(record)
            case .finish:
                try finish(.failed, &record, state, connection)
            }
            return (record, state)
        }
        return record.finishedAt != nil
    }

    /// Inside a transaction: ends a line of the journal.
    private func close(
        _ step: Workflow<State>.Step, _ outcome: WorkflowStepRecord.State, _ error: NovaError?,
        _ record: WorkflowRecord,
        _ connection: Connection
    ) throws {
        try WorkflowTable(connection).closeStep(
            record.id, position: record.step, name: step.name, outcome, error: error?.description)
    }

    /// Inside a transaction: the workflow is over.
    private func finish(
        _ outcome: WorkflowRecord.State, _ record: inout WorkflowRecord, _ state: State, _ connection: Connection
    ) throws {
        record.state = outcome
        record.owner = nil
        record.data = Blob(state.encoded())
        record.updatedAt = .now()
        record.finishedAt = record.updatedAt
        try WorkflowTable(connection).save(record)
    }

    /// Gives the workflow back with a time before which nobody takes it.
    private func pause(_ record: inout WorkflowRecord, _ state: State, _ error: NovaError) async throws -> Bool {
        record.attempts += 1
        let pause = WorkflowProgress.pause(afterAttempts: record.attempts)
        let now = Timestamp.now()
        record.retryAt = Timestamp(microseconds: now.microseconds + pause.microseconds)
        record.updatedAt = now
        record.owner = nil
        record.data = Blob(state.encoded())
        try await database.write { [record] connection in try WorkflowTable(connection).save(record) }
        return true
    }
}
