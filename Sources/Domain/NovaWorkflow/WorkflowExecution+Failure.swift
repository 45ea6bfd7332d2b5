import Logging
import NovaCore
import NovaDatabase
import NovaStore

// What follows a failed attempt at a step or its undoing: another one, the way back, or an owed cleanup.
extension WorkflowExecution {
    /// Writes what follows.
    func failed(
        _ error: NovaError, _ step: Workflow<State>.Step, _ standing: Standing, since started: ContinuousClock.Instant
    ) async throws -> Standing {
        let elapsed = SteadyClock.now - started
        let before = standing.record.state
        let result = try await write(standing) { standing, connection in
            let now = standing.record.updatedAt
            let host = try step.host?(connection, standing.state)
            standing.record.attempts += 1
            standing.record.stuckSince = standing.record.stuckSince ?? now.adding(.zero - elapsed)
            guard standing.record.state != .owed else { return try stayOwed(error, step, host, &standing, connection) }
            switch WorkflowProgress.answer(to: failure(error, host, standing, now), times: times) {
            case .retry(let pause):
                try note(error, step, standing, connection)
                giveBack(&standing, pause: pause)
            case .fail:
                try close(step, .failed, error.description, standing, connection)
                guard step.onFailure(error, &standing.state) == .restart else {
                    return try turnRound(error, &standing, connection)
                }
                // Not the workflow's failure yet: what was done is undone, then it goes forward from the first step.
                standing.record.state = .restarting
                standing.server = nil
                standing.record.error = WorkflowError(error)
                clearFailures(&standing)
            case .owe:
                try showEnd(&standing, connection)
                standing.record.state = .owed
                standing.record.owedSince = now
                standing.record.attempts = 1
                try stayOwed(error, step, host, &standing, connection)
            }
        }
        let server = "\(workflow.kind) \(standing.record.id) of server \(standing.record.serverID)"
        switch result.record.state {
        case before where before != .owed: log.info("\(server) will be tried again: \(error)")
        case .owed where before != .owed: log.warning("\(server) owes its cleanup: \(error)")
        case .owed: log.debug("\(server) still owes its cleanup: \(error)")
        default: log.warning("\(server) failed: \(error)")
        }
        return result
    }

    private func failure(
        _ error: NovaError, _ host: StepHost?, _ standing: Standing, _ now: Timestamp
    ) -> WorkflowProgress.Failure {
        let record = standing.record
        return WorkflowProgress.Failure(
            isTransient: error.isTransient, mayFail: mayFail(record),
            attempts: record.attempts, stuck: now.elapsed(since: record.stuckSince ?? now),
            age: now.elapsed(since: record.createdAt), deadline: workflow.deadline,
            waitsForDownHost: host?.isDown ?? false)
    }

    /// Inside a transaction: what users see is final from now on.
    private func showEnd(_ standing: inout Standing, _ connection: Connection) throws {
        switch standing.record.state {
        case .running: try workflow.settled?(connection, &standing.state)
        case .restarting:
            let cause = standing.record.error?.novaError ?? NovaError(.internal, "The workflow could not start again.")
            try workflow.failed(connection, &standing.state, standing.record, cause)
        // An undoing has shown it when it began, as far as it could.
        case .undoing: try workflow.stranded(connection, &standing.state)
        default: break
        }
    }

    private func stayOwed(
        _ error: NovaError, _ step: Workflow<State>.Step, _ host: StepHost?, _ standing: inout Standing,
        _ connection: Connection
    ) throws {
        standing.record.owedHost = host?.name
        standing.record.owedReason = error.description
        try note(error, step, standing, connection)
        giveBack(&standing, pause: WorkflowProgress.owedPause(attempts: standing.record.attempts, times: times))
    }

    private func note(
        _ error: NovaError, _ step: Workflow<State>.Step, _ standing: Standing, _ connection: Connection
    ) throws {
        try WorkflowTable(connection).noteFailure(
            standing.record.id, position: standing.record.step, name: step.name, error: error.description)
    }

    /// Gives the workflow back with a time before which nobody takes it.
    private func giveBack(_ standing: inout Standing, pause: Duration) {
        standing.record.retryAt = standing.record.updatedAt.adding(pause)
        standing.record.owner = nil
    }
}
