public import NovaCore
public import NovaModel
import Synchronization
public import VirtDriver

/// A fake instance on its way to another host.
struct FakeMigration {
    var began: ContinuousClock.Instant
    var isAborted = false
    var isHurried = false
}

// A fake instance is a file: it goes to another host of the same machine by being renamed into its folder.
extension FakeDriver: LiveMigrationDriver {
    public func needs(of id: ServerID) async throws -> GuestNeeds {
        guard [.running, .paused].contains(try existing(id).powerState) else {
            throw NovaError(.conflict, "The guest is not running.", details: "fake driver")
        }
        var needs = GuestNeeds()
        needs.driver = name
        needs.hypervisorVersion = 1_000
        return needs
    }

    public func refusals(of needs: GuestNeeds) async throws -> [String] { options.refusals }

    public func expect(_ instance: InstanceSpec, parts: InstanceParts) async throws -> GuestPlace {
        guard let files else {
            throw NovaError(.notImplemented, "A fake host that keeps no files takes no running servers.")
        }
        var place = GuestPlace()
        place.hostID = context.hostID
        place.instancesPath = context.instancesPath
        place.address = files.arrivalPath(instance.id)
        return place
    }

    public func streams(of id: ServerID, at place: GuestPlace) async throws -> [String: String] { [:] }
    public func doors(of id: ServerID, to place: GuestPlace) async throws -> [String: String] { [:] }
    public func forgetStreams(of id: ServerID) async {}

    public func presence(of id: ServerID) async throws -> GuestPresence {
        try adopt(id)
        return state.withLock { $0.instances[id] } == nil ? .absent : .here
    }

    public func migrate(_ id: ServerID, to place: GuestPlace) async throws {
        _ = try existing(id)
        state.withLock { $0.migrations[id] = FakeMigration(began: SteadyClock.now) }
        defer { state.withLock { $0.migrations[id] = nil } }
        while let migration = state.withLock({ $0.migrations[id] }) {
            guard !migration.isAborted else { throw NovaError(.conflict, "The live migration was aborted.") }
            let left = options.migrationTime - migration.began.duration(to: SteadyClock.now)
            if migration.isHurried || left <= .zero { break }
            try await SteadyClock.sleep(for: min(left, .milliseconds(20)))
        }
        try files?.handOver(id, to: place.address)
        state.withLock { $0.instances[id] = nil }
    }

    public func figures(of id: ServerID) async throws -> MigrationFigures? {
        guard let migration = state.withLock({ $0.migrations[id] }) else { return nil }
        let elapsed = migration.began.duration(to: SteadyClock.now)
        let share = options.migrationTime > .zero ? min(1, elapsed / options.migrationTime) : 1
        var figures = MigrationFigures()
        figures.memoryTotal = 128 << 20
        figures.memoryProcessed = Int64(Double(figures.memoryTotal) * share)
        figures.memoryRemaining = figures.memoryTotal - figures.memoryProcessed
        figures.elapsed = Int64(elapsed / .milliseconds(1))
        return figures
    }

    public func arrivalFigures(of id: ServerID) async throws -> MigrationFigures? { nil }

    public func abortMigration(of id: ServerID) async throws {
        state.withLock { $0.migrations[id]?.isAborted = true }
    }

    public func completeMigration(of id: ServerID) async throws -> MigrationCompletion {
        state.withLock { $0.migrations[id]?.isHurried = true }
        return .pause
    }

    public func endMigration(of id: ServerID, runs: Bool) async throws -> GuestPresence {
        try await abortMigration(of: id)
        let limit = Deadline.after(.seconds(10))
        while state.withLock({ $0.migrations[id] }) != nil {
            guard !limit.hasPassed else { throw NovaError(.unavailable, "The live migration does not end.") }
            try await SteadyClock.sleep(for: .milliseconds(10))
        }
        return try await presence(of: id)
    }

    /// Takes an instance into the table that has come since.
    func adopt(_ id: ServerID) throws {
        guard let files, state.withLock({ $0.instances[id] }) == nil, let instance = try files.adopt(id) else { return }
        state.withLock { $0.instances[id] = instance }
    }
}
