import NovaCore
import NovaCrypto
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWire
import NovaWorkflow

/// What the steps of a live migration ask of the two hosts, and what they show.
struct LiveMoveParts: Sendable {
    typealias Step = Workflow<LiveMigrationState>.Step

    /// What its operator is told.
    static let aborted = NovaError(.conflict, "The live migration was aborted.")

    /// How long a host may be away.
    private static let patience = Duration.seconds(600)
    /// Longer than a guest may take; its policy ends it before.
    static let longest = Duration.seconds(7 * 86_400)

    let move: MoveParts
    var parts: ConductorParts { move.parts }

    // MARK: Questions

    /// What both hosts say about the guest's way: all mismatches at once.
    func check(_ state: inout LiveMigrationState, _ context: StepContext) async throws {
        let target = try move.host(state.move.move.target)
        // The ports that the other host makes taps for, and removes again when the guest does not come.
        state.move.network = try await parts.server(state.serverID, in: context).network
        state.needs = try await ask(source(state), ComputeGuestNeeds(state.serverID), context)
        let instance = try await move.newInstance(state.move, context)
        let answer = try await ask(
            target, ComputeCheckGuest(instance, state.needs, allowsOvercommit: state.allowsOvercommit), context)
        guard answer.mismatches.isEmpty else {
            throw NovaError(
                .preconditionFailed,
                "The server cannot go to host \(target) while it runs: \(answer.mismatches.joined(separator: "; ")).")
        }
    }

    /// Where the guest stands on one side.
    func presence(on host: String, _ state: LiveMigrationState, _ context: StepContext) async throws -> GuestPresence {
        try await ask(host, ComputeGuestPresence(state.serverID), context).presence
    }

    // MARK: The way

    /// Brings the guest to its new host, or says why it has stayed.
    ///
    /// What the source says does not decide: only a guest that the new host has is there.
    func migrate(_ state: inout LiveMigrationState, _ context: StepContext) async throws {
        guard !state.hasMoved else { return }
        let target = try move.host(state.move.move.target)
        try await requireWanted(state)
        do {
            try await send(state, to: target, context)
        } catch {
            let error = NovaError(error)
            // The same again: the source then joins what it does, or finds that the guest has left.
            if error.isTransient { throw error }
            guard try await presence(on: target, state, context) == .here else { throw error }
        }
        guard try await presence(on: target, state, context) == .here else {
            throw NovaError(.hypervisor, "The guest did not arrive on its new host.")
        }
        Self.noteArrival(&state)
    }

    private static func noteArrival(_ state: inout LiveMigrationState) {
        state.hasMoved = true
        state.move.powerState = state.runs ? .running : .paused
    }

    private func send(_ state: LiveMigrationState, to target: String, _ context: StepContext) async throws {
        let channel: GuestChannel?
        do {
            channel = try await self.channel(state, to: target, context)
        } catch {
            let error = NovaError(error)
            // Nothing has begun yet, and nobody should wait long for a host that is not there.
            guard error.isTransient, context.stuck >= parts.hostPatience else { throw error }
            throw NovaError(.hypervisor, "The server's new host does not answer.", details: "\(error)")
        }
        var request = ComputeMigrate(context.fence, state.serverID, state.move.move.migrationID)
        request.needs = state.needs
        request.place = state.place
        request.channel = channel
        _ = try await ask(source(state), request, context, within: Self.longest)
    }

    /// The way for the guest's streams, with a grant for both ends as they are now: a compute service that was started
    /// again is another one.
    private func channel(
        _ state: LiveMigrationState, to target: String, _ context: StepContext
    ) async throws -> GuestChannel? {
        let expected = try await ask(target, ComputeExpectGuest(context.fence, state.serverID, state.place), context)
        guard var channel = expected.channel else { return nil }
        let connecting = try await ask(source(state), ComputeTransferEnd(), context)
        channel.grant = try parts.grants.grant(
            .liveMigration, of: state.serverID, in: context.fence.workflow,
            listening: TransferEnd(host: target, fingerprint: channel.fingerprint),
            connecting: TransferEnd(host: source(state), fingerprint: connecting.fingerprint))
        return channel
    }

    private func requireWanted(_ state: LiveMigrationState) async throws {
        if let reason = try await parts.database.read({ try Self.stopReason($0, state) }) {
            throw NovaError(.conflict, reason.message)
        }
    }

    /// What the guest printed on the host that it has left; a host that stays away keeps nobody waiting for it.
    func console(_ state: LiveMigrationState, _ context: StepContext) async throws -> [UInt8] {
        do {
            return try await ask(source(state), ComputeConsoleTail(state.serverID), context).text.bytes
        } catch {
            guard NovaError(error).isTransient, context.stuck < parts.hostPatience else { return [] }
            throw error
        }
    }

    /// Makes sure where the guest is when its migration has failed.
    func settle(_ state: inout LiveMigrationState, _ context: StepContext) async throws {
        guard !state.hasMoved else { return }
        let kept = try await ask(
            source(state), ComputeKeepGuest(context.fence, state.serverID, runs: state.runs), context)
        state.move.powerState = kept.outcome.powerState
        guard kept.presence != .here, let target = state.move.move.target?.host else { return }
        if try await presence(on: target, state, context) == .here { Self.noteArrival(&state) }
    }

    private func source(_ state: LiveMigrationState) -> String { state.move.move.source.host }

    /// Asks a host, and does not do so for ever.
    func ask<M: RPCMethod>(
        _ host: String, _ method: M, _ context: StepContext, within limit: Duration? = nil
    ) async throws -> M.Response {
        do {
            return try await parts.bus.call(
                method, to: .host(M.topic, host), context: context.request, timeout: limit ?? M.timeout)
        } catch {
            let error = NovaError(error)
            guard error.isTransient, !Task.isCancelled, context.stuck >= Self.patience else { throw error }
            throw NovaError(.hypervisor, "Host \(host) does not answer.", details: "\(error)")
        }
    }

    // MARK: Rows

    /// Why it should not go on: its server is gone, or an operator wants it aborted.
    static func stopReason(_ connection: Connection, _ state: LiveMigrationState) throws -> NovaError? {
        if let reason = try ServerAtWork(state.serverID, connection).stopReason() { return reason }
        return try isAborted(connection, state) ? aborted : nil
    }

    static func isAborted(_ connection: Connection, _ state: LiveMigrationState) throws -> Bool {
        try MigrationTable(connection).find(state.move.move.migrationID)?.wish == .abort
    }

    static func show(_ status: String, _ state: LiveMigrationState, _ connection: Connection) throws {
        try MoveParts.show(nil, status, state.move, connection)
    }

    /// The server lives on its new host.
    static func move(_ state: LiveMigrationState, _ connection: Connection) throws {
        guard let target = state.move.move.target else { return }
        try ServerTable(connection).change(state.serverID) { server in
            MoveParts.settle(on: target, server.flavor, state.move, &server)
        }
    }

    /// The migration is over for its users.
    static func complete(_ state: LiveMigrationState, _ connection: Connection) throws {
        try MigrationTable(connection).change(state.move.move.migrationID) { migration in
            migration.status = "completed"
            if state.figures.memoryTotal > 0 { migration.figures = state.figures }
        }
        try ServerTable(connection).change(state.serverID) { server in
            rest(&server)
            server.progress = 100
        }
    }

    static func rest(_ server: inout ServerRecord) {
        if server.taskState == .migrating { server.taskState = nil }
    }

    /// The side on which nothing is to stay.
    static func leftSide(_ connection: Connection, _ state: LiveMigrationState) throws -> StepHost? {
        try state.leftSide.map { try StepHost($0, connection) }
    }
}
