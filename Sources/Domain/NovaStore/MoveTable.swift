public import NovaCore
public import NovaDatabase
public import NovaModel
import NovaWire

/// Accepts what follows a server's move or its shelving, inside the transaction that has checked its states.
public struct MoveTable {
    private let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    /// Begins a move: its migration and its workflow.
    ///
    /// - Parameters:
    ///   - type: `resize`, `migration`, `evacuation`.
    ///   - prepare: completes the workflow's state.
    @discardableResult
    public func begin(
        _ kind: String, type: String, of server: ServerRecord, to flavor: Flavor, _ context: RequestContext,
        prepare: (inout MoveState) throws -> Void = { _ in }
    ) throws -> WorkflowRecord {
        var state = try open(
            type, type == "evacuation" ? "accepted" : "pre-migrating", of: server, to: flavor)
        try prepare(&state)
        return try insert(kind, server.id, state, context)
    }

    /// Begins a live migration.
    ///
    /// - Parameter prepare: completes the workflow's state.
    @discardableResult
    public func beginLive(
        _ server: ServerRecord, _ context: RequestContext, prepare: (inout LiveMigrationState) throws -> Void = { _ in }
    ) throws -> WorkflowRecord {
        var state = LiveMigrationState(try open("live-migration", "accepted", of: server, to: server.flavor))
        try prepare(&state)
        try ServerTable(connection).change(server.id) { $0.progress = 0 }
        return try insert(WorkflowKindName.liveMigrate, server.id, state, context)
    }

    /// Writes a new migration; answers what its workflow begins with.
    private func open(
        _ type: String, _ status: String, of server: ServerRecord, to flavor: Flavor
    ) throws -> MoveState {
        var move = ServerMove()
        move.migrationID = .random()
        move.source.host = server.host ?? ""
        move.source.node = server.node ?? ""
        move.source.providerID = server.providerID ?? .none
        move.oldFlavor = server.flavor
        move.newFlavor = flavor
        move.wasStopped = server.vmState == .stopped
        var state = MoveState(server.id, move)
        state.formerState = server.vmState
        var migration = MigrationRecord()
        migration.id = move.migrationID
        migration.serverID = server.id
        migration.projectID = server.projectID
        migration.userID = server.userID
        migration.type = type
        migration.status = status
        migration.sourceHost = move.source.host
        migration.sourceNode = move.source.node
        migration.oldFlavor = server.flavor.sequence
        migration.newFlavor = flavor.sequence
        migration.createdAt = try connection.now()
        migration.move = move
        try MigrationTable(connection).insert(&migration)
        return state
    }

    /// Begins the confirmation of a server's move.
    ///
    /// - Throws: `badRequest` when there is none that waits for it.
    @discardableResult
    public func confirm(_ server: ServerRecord, _ context: RequestContext) throws -> WorkflowRecord {
        try end(WorkflowKindName.confirmResize, "confirming", server, context)
    }

    /// Begins the way back from a server's move.
    ///
    /// - Throws: `badRequest` when there is none that can be taken back.
    @discardableResult
    public func revert(_ server: ServerRecord, image: ImageReference?, _ context: RequestContext) throws
        -> WorkflowRecord
    {
        try end(WorkflowKindName.revertResize, "reverting", server, context) { state in
            state.image = image
            state.endsStopped = state.move.wasStopped
        }
    }

    private func end(
        _ kind: String, _ status: String, _ server: ServerRecord, _ context: RequestContext,
        prepare: (inout MoveState) -> Void = { _ in }
    ) throws -> WorkflowRecord {
        let table = MigrationTable(connection)
        guard var migration = try table.unconfirmed(of: server.id), let move = migration.move else {
            throw NovaError(.badRequest, "Instance has not been resized.")
        }
        migration.status = status
        migration.updatedAt = try connection.now()
        try table.update(migration)
        var state = MoveState(server.id, move)
        state.network = server.network
        state.powerState = server.powerState
        prepare(&state)
        return try insert(kind, server.id, state, context)
    }

    /// Begins the offloading of a shelved server.
    @discardableResult
    public func offload(_ server: ServerRecord, _ context: RequestContext) throws -> WorkflowRecord {
        try ServerTable(connection).change(server.id) { $0.taskState = .shelvingOffloading }
        var state = ShelveState(server.id)
        state.offloads = true
        state.formerState = .shelved
        return try insert(WorkflowKindName.shelveOffload, server.id, state, context)
    }

    private func insert(
        _ kind: String, _ id: ServerID, _ state: some Record, _ context: RequestContext
    ) throws -> WorkflowRecord {
        let workflow = WorkflowRecord(kind: kind, server: id, context: context, data: state.encoded(), now: .now())
        try WorkflowTable(connection).insert(workflow)
        return workflow
    }
}

extension ServerTable {
    /// Servers that are shelved and still on their hosts.
    public func shelved() throws -> [ServerRecord] {
        try connection.records(
            ServerRecord.self, from: "servers", where: "vm_state = 'shelved' AND is_deleted = 0", suffix: "LIMIT 1000")
    }
}
