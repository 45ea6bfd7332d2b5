import NovaCore
import NovaCrypto
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWorkflow

/// What the workflows of moves have in common: placement, ports, and the instance on either side.
struct MoveParts: Sendable {
    typealias Step = Workflow<MoveState>.Step

    let parts: ConductorParts

    // MARK: Placement

    /// What the server held goes to the migration, then the server claims a new host.
    func schedule(_ state: inout MoveState, _ context: StepContext) async throws {
        let server = try await parts.server(state.serverID, in: context)
        try await handOver(state, from: state.serverID, to: state.move.consumer, replaces: false, context)
        var request = try await parts.request(for: server)
        request.flavor = state.move.newFlavor
        request.image = state.image
        request.requestedHost = state.requestedHost
        request.forcedHost = state.forcedHost
        request.ignoredHosts = state.ignoredHosts + (try await parts.indebtedHosts(of: state.serverID))
        if !state.mayStay { request.ignoredHosts.append(state.move.source.host) }
        state.move.target = try await parts.choose(
            request, tried: state.ignoredHosts, context, explanation: &state.explanation)
    }

    /// The server holds again what it held before, and nothing else.
    func unschedule(_ state: inout MoveState, _ context: StepContext) async throws {
        try await takeBack(state, context)
        state.move.target = nil
    }

    /// What the migration held is the server's again, and what the server held instead is given back.
    func takeBack(_ state: MoveState, _ context: StepContext) async throws {
        try await handOver(state, from: state.move.consumer, to: state.serverID, replaces: true, context)
    }

    private func handOver(
        _ state: MoveState, from giver: ServerID, to taker: ServerID, replaces: Bool, _ context: StepContext
    ) async throws {
        _ = try await parts.bus.call(
            PlacementHandOver(from: giver, to: taker, on: state.move.source.providerID, replaces: replaces),
            to: .topic(PlacementHandOver.topic), context: context.request)
    }

    /// What the migration holds is given back.
    func release(_ state: MoveState, _ context: StepContext) async throws {
        _ = try await parts.bus.call(
            PlacementRelease(state.move.consumer), to: .topic(PlacementRelease.topic), context: context.request)
    }

    // MARK: Ports

    /// Binds the server's ports to one side.
    func bind(_ state: inout MoveState, to side: Selection?, _ context: StepContext) async throws {
        guard let host = side?.host else { return }
        // One that is deleted meanwhile has its ports taken away by the deletion.
        guard try await parts.isThere(state.serverID) else { return }
        state.network = try await parts.bus.call(
            BindNetwork(context.fence, state.serverID, host: host), to: .topic(BindNetwork.topic),
            context: context.request)
    }

    // MARK: Instances

    /// The instance as it is on the host that it goes to.
    func newInstance(_ state: MoveState, _ context: StepContext) async throws -> InstanceSpec {
        try await instance(state, state.move.newFlavor, on: state.move.target, context)
    }

    /// The instance as it was.
    func oldInstance(_ state: MoveState, _ context: StepContext) async throws -> InstanceSpec {
        try await instance(state, state.move.oldFlavor, on: state.move.source, context)
    }

    private func instance(
        _ state: MoveState, _ flavor: Flavor, on side: Selection?, _ context: StepContext
    ) async throws -> InstanceSpec {
        var server = try await parts.server(state.serverID, in: context)
        server.flavor = flavor
        if !state.network.ports.isEmpty { server.network = state.network }
        let host = try self.host(side)
        return try await parts.instance(server, image: state.image, on: host, request: context.request)
    }

    func host(_ side: Selection?) throws -> String {
        guard let host = side?.host else {
            throw NovaError(.internal, "The server's move has no host.", details: "a step without a selection")
        }
        return host
    }

    /// Nothing of the instance is left on a host where it does not belong.
    func destroy(_ state: MoveState, on side: Selection?, _ context: StepContext) async throws {
        guard let host = side?.host else { return }
        _ = try await parts.bus.call(
            ComputeDestroy(context.fence, state.serverID, state.network), to: .host(ComputeDestroy.topic, host),
            context: context.request)
    }

    /// The disks that the source has set aside, with the permission for the target to fetch them.
    ///
    /// Asked for anew in each try: a compute service that was started again has another certificate, and offers nothing.
    func offerDisks(_ state: MoveState, _ context: StepContext) async throws -> TransferOffer {
        let target = try host(state.move.target)
        var offer = try await parts.bus.call(
            ComputeOfferDisks(context.fence, state.serverID, to: target),
            to: .host(ComputeOfferDisks.topic, state.move.source.host), context: context.request)
        guard !offer.address.isEmpty else { return offer }
        let end = try await parts.bus.call(
            ComputeTransferEnd(), to: .host(ComputeTransferEnd.topic, target), context: context.request)
        offer.grant = try parts.grants.grant(
            .disk, of: state.serverID, in: context.fence.workflow,
            listening: TransferEnd(host: offer.host, fingerprint: offer.fingerprint),
            connecting: TransferEnd(host: target, fingerprint: end.fingerprint))
        return offer
    }

    /// The server runs on its first host again, if it ran there; one that is being deleted is left alone.
    func bringBack(_ state: inout MoveState, _ context: StepContext) async throws {
        guard try await parts.isThere(state.serverID) else { return }
        let instance = try await oldInstance(state, context)
        state.powerState = try await parts.bus.call(
            ComputeBringBack(context.fence, instance, starts: !state.move.wasStopped),
            to: .host(ComputeBringBack.topic, state.move.source.host), context: context.request
        ).powerState
    }

    // MARK: Rows

    static func source(_ connection: Connection, _ state: MoveState) throws -> StepHost? {
        try StepHost(state.move.source, connection)
    }

    static func target(_ connection: Connection, _ state: MoveState) throws -> StepHost? {
        try state.move.target.map { try StepHost($0, connection) }
    }

    /// Shows users what is being done, and how far the migration is.
    static func show(_ task: TaskState?, _ status: String, _ state: MoveState, _ connection: Connection) throws {
        if let task { try ServerAtWork(state.serverID, connection).show(task) }
        try MigrationTable(connection).change(state.move.migrationID) { migration in
            migration.status = status
            migration.move = state.move
            if let target = state.move.target {
                migration.targetHost = target.host
                migration.targetNode = target.node
                migration.targetAddress = try HostTable(connection).find(target.host)?.resources.hostIP
            } else {
                migration.targetHost = nil
                migration.targetNode = nil
                migration.targetAddress = nil
            }
        }
    }

    /// Shows the host that was chosen, unless another member of the server's group got one since the scheduler was asked.
    ///
    /// Then the migration has no target, which ``requireTarget(_:)`` sees.
    static func showTarget(_ status: String, _ state: MoveState, _ connection: Connection) throws {
        var state = state
        if let target = state.move.target, let server = try ServerTable(connection).find(state.serverID),
            let group = server.serverGroupID,
            try !ServerGroupTable(connection).admits(server.id, to: target.host, group: group)
        {
            state.move.target = nil
        }
        try show(nil, status, state, connection)
    }

    /// In the first step after the host was chosen, before anything is done there.
    ///
    /// - Throws: ``SchedulingHints/lateConflict``.
    func requireTarget(_ state: MoveState) async throws {
        let migration = try await parts.database.read { [id = state.move.migrationID] in
            try MigrationTable($0).find(id)
        }
        guard migration?.targetHost == state.move.target?.host else { throw SchedulingHints.lateConflict }
    }

    /// The server lives on one side from now on.
    static func settle(on side: Selection, _ flavor: Flavor, _ state: MoveState, _ server: inout ServerRecord) {
        server.host = side.host
        server.node = side.node
        server.providerID = side.providerID
        server.flavor = flavor
        if !state.network.ports.isEmpty { server.network = state.network }
        server.powerState = state.powerState
    }
}

extension StepHost {
    init(_ selection: Selection, _ connection: Connection) throws {
        self.init(selection.host, isDown: try HostTable(connection).isForcedDown(selection.host))
    }
}

extension ConductorParts {
    /// Whether a server is there and is to stay.
    func isThere(_ id: ServerID) async throws -> Bool {
        let server = try await database.read { try ServerTable($0).find(id) }
        return server.map { $0.taskState != .deleting } ?? false
    }
}
