public import NovaCore
public import NovaModel
import Synchronization
public import VirtDriver

/// A hypervisor without guests: instances are entries of a table, remembered in a small file each.
public final class FakeDriver: ConsoleTextDriver {
    struct State {
        var instances: [ServerID: FakeInstance] = [:]
        var spawns = 0
        var migrations: [ServerID: FakeMigration] = [:]
    }

    public let name = "fake"
    public let isReal = false
    public let events: AsyncStream<LifecycleEvent>

    private let continuation: AsyncStream<LifecycleEvent>.Continuation
    let options: FakeDriverOptions
    let context: VirtDriverContext
    let files: FakeInstanceFiles?
    private let abilities: HostAbilities
    let state: Mutex<State>

    /// A host with the instances that an earlier process left in its files.
    ///
    /// - Throws: ``NovaError`` `internal` when the instances' folder cannot be read or made.
    public init(_ context: VirtDriverContext, options: FakeDriverOptions = FakeDriverOptions()) throws {
        self.options = options
        self.context = context
        abilities = options.abilities
        (events, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(10_000))
        files =
            options.isPersistent
            ? try FakeInstanceFiles(folder: "\(context.instancesPath)/_fake", owner: context) : nil
        state = Mutex(State(instances: try files?.load() ?? [:]))
    }

    public func hostResources() async throws -> HostResources {
        var resources = HostResources()
        resources.vcpus = options.vcpus
        resources.memoryMB = options.memoryMB
        resources.diskGB = options.diskGB
        resources.hypervisorType = "fake"
        resources.hypervisorVersion = 1_000
        resources.cpuInfo = ["arch": "x86_64", "model": "Nehalem", "vendor": "Intel"]
        resources.runningInstances = state.withLock { Int64($0.instances.count) }
        resources.abilities = abilities.words
        return resources
    }

    public func spawn(_ instance: InstanceSpec, parts: InstanceParts) async throws {
        _ = try HardwareRules.decide(instance.flavor, image: instance.hardwareProperties, host: abilities)
        if options.spawnDelay > .zero { try await SteadyClock.sleep(for: options.spawnDelay) }
        let (number, exists) = state.withLock { state in
            state.spawns += 1
            return (state.spawns, state.instances[instance.id] != nil)
        }
        if options.failEvery > 0, number % options.failEvery == 0, !exists {
            throw NovaError(
                .hypervisor, "The hypervisor could not start the server.", details: "fake driver: injected failure")
        }
        var entry = FakeInstance()
        entry.id = instance.id
        entry.name = instance.name
        entry.powerState = .running
        entry.boots = 1
        entry.ports = parts.interfaces.map(\.port.portID)
        try store(entry)
    }

    public func destroy(_ id: ServerID) async throws {
        try adopt(id)
        let existed = state.withLock { $0.instances.removeValue(forKey: id) != nil }
        guard existed else { return }
        files?.remove(id)
        continuation.yield(LifecycleEvent(id, .shutdown))
    }

    public func powerOn(_ instance: InstanceSpec, parts: InstanceParts) async throws {
        guard var entry = state.withLock({ $0.instances[instance.id] }) else {
            return try await spawn(instance, parts: parts)
        }
        guard entry.powerState != .running else { return }
        entry.powerState = .running
        entry.boots += 1
        try store(entry)
    }

    public func define(_ instance: InstanceSpec, parts: InstanceParts) async throws {
        guard state.withLock({ $0.instances[instance.id] }) == nil else { return }
        var entry = FakeInstance()
        entry.id = instance.id
        entry.name = instance.name
        entry.powerState = .shutdown
        entry.ports = parts.interfaces.map(\.port.portID)
        try store(entry)
    }

    public func powerOff(_ id: ServerID, graceful timeout: Duration?) async throws {
        var entry = try existing(id)
        guard entry.powerState != .shutdown else { return }
        entry.powerState = .shutdown
        try store(entry)
    }

    public func reboot(_ instance: InstanceSpec, parts: InstanceParts, graceful timeout: Duration?) async throws {
        guard var entry = state.withLock({ $0.instances[instance.id] }) else {
            return try await spawn(instance, parts: parts)
        }
        entry.powerState = .running
        entry.boots += 1
        try store(entry)
    }

    public func powerState(_ id: ServerID) async throws -> PowerState? {
        state.withLock { $0.instances[id]?.powerState }
    }

    public func powerStates() async throws -> [ServerID: PowerState] {
        state.withLock { $0.instances.mapValues(\.powerState) }
    }

    public func consoleText(_ id: ServerID, lines: Int?) async throws -> String {
        let entry = try existing(id)
        let text = (1...max(1, entry.boots)).suffix(100).flatMap { boot in
            ["[    0.000000] Linux fake boot \(boot)"] + (1...8).map { "[    0.0\($0)0000] fake device \($0)" }
                + ["\(entry.name) login: "]
        }
        // As a guest that waits for a name: the last line has no end.
        return text.suffix(max(0, lines ?? text.count)).joined(separator: "\n")
    }

    public func close() async { continuation.finish() }

    /// Changes an instance's state from outside, as a crash or a shutdown inside the guest would.
    public func inject(_ powerState: PowerState, into id: ServerID) throws {
        var entry = try existing(id)
        entry.powerState = powerState
        try store(entry)
    }

    /// Ends all guests of a host whose service does not run, as a loss of its power does; what was suspended stays so.
    public static func cutPower(in instancesPath: String) throws {
        let folder = "\(instancesPath)/_fake"
        let nobody = VirtDriverContext(cloudID: .none, hostID: .none, instancesPath: instancesPath)
        for var instance in try FakeInstanceFiles(folder: folder, owner: nobody).whole().values
        where instance.powerState == .running || instance.powerState == .paused {
            instance.powerState = .shutdown
            let owner = VirtDriverContext(
                cloudID: instance.cloudID, hostID: instance.hostID, instancesPath: instancesPath)
            try FakeInstanceFiles(folder: folder, owner: owner).write(instance)
        }
    }

    func existing(_ id: ServerID) throws -> FakeInstance {
        guard let entry = state.withLock({ $0.instances[id] }) else {
            throw NovaError(.notFound, "Instance \(id) could not be found.", details: "fake driver")
        }
        return entry
    }

    func store(_ entry: FakeInstance) throws {
        try files?.write(entry)
        state.withLock { $0.instances[entry.id] = entry }
        continuation.yield(LifecycleEvent(entry.id, entry.powerState))
    }
}
