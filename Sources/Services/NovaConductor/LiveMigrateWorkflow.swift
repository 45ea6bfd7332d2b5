import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWorkflow

/// Brings a running server to another host with its memory and its disks.
///
/// Where the guest is, only the hypervisors know. As soon as the new host has it the server lives there, and what failed
/// leads no longer back: the other side is cleaned up, whichever that is.
enum LiveMigrateWorkflow {
    /// The step from which on it must be asked where the guest is.
    private static let migrateStep: Int64 = 3

    static func make(_ parts: ConductorParts) -> Workflow<LiveMigrationState> {
        let live = LiveMoveParts(move: MoveParts(parts: parts))
        return Workflow(
            WorkflowKindName.liveMigrate,
            steps: [
                schedule(live), check(live), prepare(live), migrate(live), network(live), finish(live), source(live),
                placement(live),
            ],
            deadline: LiveMoveParts.longest, mustFinishFrom: "network",
            stopReason: { try LiveMoveParts.stopReason($0, $1) },
            succeeded: { _, _, _ in },
            failed: fail,
            settled: { connection, state in
                if try isOpen(state, connection) { try LiveMoveParts.complete(state, connection) }
            },
            stranded: { connection, state in
                // Where the guest is known to be, only the other side waits to be cleaned up.
                guard !state.hasMoved else { return try stay(state, connection) }
                try ServerTable(connection).change(state.serverID) { server in
                    guard server.taskState == .migrating else { return }
                    LiveMoveParts.rest(&server)
                    server.vmState = .error
                }
            })
    }

    private static func isOpen(_ state: LiveMigrationState, _ connection: Connection) throws -> Bool {
        try MigrationTable(connection).find(state.move.move.migrationID)?.status != "completed"
    }

    private static func fail(
        _ connection: Connection, _ state: inout LiveMigrationState, _ record: WorkflowRecord, _ error: NovaError
    ) throws {
        var error = error
        if error.code == .noValidHost, !state.refusals.isEmpty {
            error.message += " " + state.refusals.joined(separator: " ")
        }
        let isAborted = try LiveMoveParts.isAborted(connection, state)
        let status = isAborted ? "cancelled" : error.code == .noValidHost ? "error" : "failed"
        try LiveMoveParts.show(status, state, connection)
        // While the guest may be anywhere, the server is at work until that is known.
        let isKnown = record.step < migrateStep
        guard !isAborted else {
            try ServerTable(connection).change(state.serverID) { if isKnown { LiveMoveParts.rest(&$0) } }
            return
        }
        try ServerAtWork(state.serverID, connection).fail(error, nil) { if isKnown { LiveMoveParts.rest(&$0) } }
    }

    // MARK: Steps

    private static func schedule(_ live: LiveMoveParts) -> LiveMoveParts.Step {
        @Sendable func explain(_ connection: Connection, _ state: LiveMigrationState) throws {
            try ExplanationTable(connection).save(state.move.explanation, of: state.serverID)
        }
        return .init(
            "schedule",
            begin: { try MoveParts.show(.migrating, "queued", $1.move, $0) },
            run: { try await live.move.schedule(&$0.move, $1) },
            commit: { connection, state in
                try MoveParts.showTarget("preparing", state.move, connection)
                try explain(connection, state)
            },
            undo: { state, context in
                guard state.hasMoved else { return try await live.move.unschedule(&state.move, context) }
                try await live.move.release(state.move, context)
            },
            undone: explain)
    }

    private static func check(_ live: LiveMoveParts) -> LiveMoveParts.Step {
        .init(
            "check",
            run: { state, context in
                try await live.move.requireTarget(state.move)
                try await live.check(&state, context)
            },
            host: { try MoveParts.target($0, $1.move) },
            onFailure: { error, state in
                let isForced = state.move.forcedHost != nil
                if let response = SchedulingHints.response(to: error, isForced: isForced) { return response }
                state.refusals.append(error.message)
                let mayChoose = state.move.requestedHost == nil && state.move.forcedHost == nil
                let isOurs = error.code == .preconditionFailed || ConductorParts.isHostFailure(error)
                let limit = live.parts.liveMigrationRetries
                guard mayChoose, isOurs, limit < 0 || state.refusals.count <= limit,
                    let host = state.move.move.target?.host
                else { return .undo }
                state.move.ignoredHosts.append(host)
                return .restart
            })
    }

    private static func prepare(_ live: LiveMoveParts) -> LiveMoveParts.Step {
        .init(
            "prepare",
            run: { state, context in
                let target = try live.move.host(state.move.move.target)
                let instance = try await live.move.newInstance(state.move, context)
                state.place = try await live.ask(
                    target, ComputePrepareGuest(context.fence, instance, state.needs), context)
            },
            undo: { try await live.move.destroy($0.move, on: $0.leftSide, $1) },
            host: LiveMoveParts.leftSide)
    }

    private static func migrate(_ live: LiveMoveParts) -> LiveMoveParts.Step {
        .init(
            "migrate",
            begin: { try LiveMoveParts.show("running", $1, $0) },
            run: { try await live.migrate(&$0, $1) },
            commit: { connection, state in
                try LiveMoveParts.show("post-migrating", state, connection)
                try LiveMoveParts.move(state, connection)
            },
            undo: { try await live.settle(&$0, $1) },
            undone: { try stay($1, $0) },
            host: { try MoveParts.source($0, $1.move) })
    }

    /// After a failure the server lives where its guest is.
    private static func stay(_ state: LiveMigrationState, _ connection: Connection) throws {
        if state.hasMoved {
            try LiveMoveParts.move(state, connection)
            try LiveMoveParts.show("completed", state, connection)
        }
        try ServerTable(connection).change(state.serverID) { server in
            guard server.taskState != .deleting else { return }
            LiveMoveParts.rest(&server)
            server.vmState = state.move.formerState
            server.powerState = state.move.powerState
        }
    }

    private static func network(_ live: LiveMoveParts) -> LiveMoveParts.Step {
        .init(
            "network",
            run: { try await live.move.bind(&$0.move, to: $0.move.move.target, $1) },
            commit: { try LiveMoveParts.move($1, $0) })
    }

    private static func finish(_ live: LiveMoveParts) -> LiveMoveParts.Step {
        .init(
            "finish",
            run: { state, context in
                // One that is deleted meanwhile is removed there by its deletion.
                guard try await live.parts.isThere(state.serverID) else { return }
                let console = try await live.console(state, context)
                let answer = try await live.ask(
                    try live.move.host(state.move.move.target),
                    ComputeReceiveGuest(context.fence, state.serverID, console: console), context)
                state.move.powerState = answer.powerState
                state.figures = answer.figures
            },
            commit: { connection, state in
                try LiveMoveParts.move(state, connection)
                try LiveMoveParts.complete(state, connection)
            },
            host: { try MoveParts.target($0, $1.move) })
    }

    private static func source(_ live: LiveMoveParts) -> LiveMoveParts.Step {
        .init(
            "source", run: { try await live.move.destroy($0.move, on: $0.move.move.source, $1) },
            host: { try MoveParts.source($0, $1.move) })
    }

    private static func placement(_ live: LiveMoveParts) -> LiveMoveParts.Step {
        .init("placement", run: { try await live.move.release($0.move, $1) })
    }
}
