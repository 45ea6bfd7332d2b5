import Logging
import NovaCore
import NovaInterfaces
import NovaModel
import NovaTransfer
import NovaWire
import Synchronization
import VirtDriver

/// Guests that leave this host while they run, and what their new hosts must know of them.
final class LiveMigrations: Sendable {
    struct Settings {
        var host: String
        /// How guests are connected here, as ``GuestNeeds/network`` says it.
        var network: String
        var concurrent = 1
        var policy: MigrationPolicy
        /// Between two looks at a migration.
        var interval = Duration.seconds(1)
    }

    private let actions: InstanceActions
    private let transfers: TransferHost?
    private let conductor: any ConductorLink
    private let settings: Settings
    private let gate: AsyncGate
    private let flights = Mutex<[ServerID: MigrationFlight]>([:])
    private let tasks = Mutex<[ServerID: Task<MigrationFigures, any Error>]>([:])

    init(
        _ actions: InstanceActions, transfers: TransferHost?, conductor: any ConductorLink, settings: Settings
    ) {
        self.actions = actions
        self.transfers = transfers
        self.conductor = conductor
        self.settings = settings
        gate = AsyncGate(limit: settings.concurrent)
    }

    private var driver: any LiveMigrationDriver {
        get throws {
            guard let driver = actions.driver as? any LiveMigrationDriver else {
                throw NovaError(
                    .notImplemented, "The hypervisor of this host cannot bring a running guest to another one.")
            }
            return driver
        }
    }

    // MARK: Questions

    /// What a guest needs.
    func needs(_ request: ComputeGuestNeeds) async throws -> GuestNeeds {
        var needs = try await driver.needs(of: request.serverID)
        needs.network = settings.network
        if let folders = actions.folders { try await folders.describe(request.serverID, in: &needs) }
        return needs
    }

    /// Where a guest stands.
    func presence(_ request: ComputeGuestPresence) async throws -> ComputeGuestPresence.Response {
        ComputeGuestPresence.Response(try await driver.presence(of: request.serverID))
    }

    /// What a guest that has left had printed.
    func consoleTail(_ request: ComputeConsoleTail) async throws -> ComputeConsoleTail.Response {
        ComputeConsoleTail.Response(try await actions.folders?.consoleTail(of: request.serverID) ?? [])
    }

    // MARK: The way

    /// Brings a guest to another host.
    func migrate(_ request: ComputeMigrate) async throws -> MigrationFigures {
        let id = request.serverID
        let driver = try self.driver
        return try await actions.fenced(id, request.fence, ComputeMigrate.name) { [self] in
            // It has left already: whether it has arrived its new host knows.
            guard try await driver.presence(of: id) != .absent else { return MigrationFigures() }
            let flight = MigrationFlight()
            flights.withLock { $0[id] = flight }
            defer { flights.withLock { $0[id] = nil } }
            // In a task of its own: it outlives a conductor that died or gave up, and the next one waits here for its end.
            let task = Task { try await fly(request, flight, driver) }
            tasks.withLock { $0[id] = task }
            defer { tasks.withLock { $0[id] = nil } }
            return try await task.value
        }
    }

    private func fly(
        _ request: ComputeMigrate, _ flight: MigrationFlight, _ driver: any LiveMigrationDriver
    ) async throws -> MigrationFigures {
        let watch = MigrationWatch(
            host: settings.host, migrationID: request.migrationID, serverID: request.serverID, driver: driver,
            flight: flight, conductor: conductor, interval: settings.interval, log: actions.log)
        let pilot = MigrationPilot(settings.policy, limit: settings.policy.limit(for: request.needs))
        do {
            try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask { [self] in
                    try await gate.with { [self] in try await travel(request, flight, driver) }
                    return true
                }
                group.addTask {
                    try await watch.run(pilot)
                    return false
                }
                defer { group.cancelAll() }
                while let isOver = try await group.next() { if isOver { return } }
            }
            await driver.forgetStreams(of: request.serverID)
            return MigrationFigures()
        } catch {
            await driver.forgetStreams(of: request.serverID)
            if flight.isAborted { throw MigrationFlight.aborted }
            throw NovaError(error)
        }
    }

    private func travel(
        _ request: ComputeMigrate, _ flight: MigrationFlight, _ driver: any LiveMigrationDriver
    ) async throws {
        guard let channel = request.channel else {
            try flight.begin()
            return try await driver.migrate(request.serverID, to: request.place)
        }
        guard let transfers else {
            throw NovaError(.notImplemented, "This compute host has no way to others for a running guest.")
        }
        let doors = try await driver.doors(of: request.serverID, to: request.place)
        try await GuestDoors(transfers, channel).with(doors) {
            try flight.begin()
            try await driver.migrate(request.serverID, to: request.place)
        }
    }

    /// Ends what this process does: without its streams a migration fails, and its guest stays.
    func stop() {
        for task in tasks.withLock({ Array($0.values) }) { task.cancel() }
    }

    // MARK: The way back

    /// Ends a migration; the guest stays if it is here.
    func keep(_ request: ComputeKeepGuest) async throws -> ComputeKeepGuest.Response {
        let id = request.serverID
        if !actions.fences.isKnownStale(id, request.fence) { await abort(id) }
        let driver = try self.driver
        return try await actions.fenced(id, request.fence, ComputeKeepGuest.name) { [self] in
            let presence = try await driver.endMigration(of: id, runs: request.runs)
            guard presence == .here else { return ComputeKeepGuest.Response(.absent) }
            return ComputeKeepGuest.Response(.here, try await actions.outcome(id))
        }
    }

    /// Ends the migration of a guest that is not wanted any more, as far as this process does it.
    func abort(_ id: ServerID) async {
        guard let flight = flights.withLock({ $0[id] }), flight.abort() else { return }
        do {
            try await driver.abortMigration(of: id)
        } catch {
            // Its watch does it again.
            actions.log.warning("a live migration could not be aborted", metadata: ["error": "\(NovaError(error))"])
        }
    }
}
