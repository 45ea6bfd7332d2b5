import Logging
import NovaCore
import NovaFaults
import NovaInterfaces
import NovaModel
import NovaWire
import Synchronization
import VirtDriver

/// What the compute service does to instances: one action per instance at a time, each fenced.
final class InstanceActions: Sendable {
    /// The longest time a guest gets to shut down: within the deadline of the call.
    static let longestShutdown: Int64 = 150

    let driver: any VirtDriver
    let plugger: PortPlugger
    let fences: FenceStore
    /// Nil for drivers whose instances are not real.
    let folders: InstanceFolders?
    let activity: InstanceActivity
    let known: KnownPowerStates
    let transfer: any DiskTransfer
    let log: Logger
    private let gates = KeyedGate<ServerID>()

    init(
        driver: any VirtDriver, plugger: PortPlugger, fences: FenceStore, folders: InstanceFolders?,
        activity: InstanceActivity, known: KnownPowerStates, transfer: any DiskTransfer, log: Logger
    ) {
        self.driver = driver
        self.plugger = plugger
        self.fences = fences
        self.folders = folders
        self.activity = activity
        self.known = known
        self.transfer = transfer
        self.log = log
    }

    /// Makes an instance and starts it; leaves nothing behind when it fails.
    func build(_ request: ComputeBuild) async throws -> InstanceOutcome {
        let instance = request.instance
        guard instance.id != .none else { throw NovaError(.badRequest, "A build must name its server.") }
        return try await fenced(instance.id, request.fence, ComputeBuild.name) { [self] in
            try await activity.building(instance.id) { [self] in
                let existed = try await driver.powerState(instance.id) != nil
                do {
                    try await driver.spawn(instance, parts: try await makeParts(instance))
                } catch {
                    if !existed { await discard(instance.id, instance.network) }
                    throw error
                }
            }
            return try await outcome(instance.id)
        }
    }

    /// Removes an instance with its taps and disks; a build of it that runs is ended first.
    func destroy(_ request: ComputeDestroy) async throws -> Nothing {
        if !fences.isKnownStale(request.serverID, request.fence) { activity.cancelBuild(request.serverID) }
        return try await fenced(request.serverID, request.fence, ComputeDestroy.name, destroys: true) { [self] in
            try await remove(request.serverID, request.network)
            return Nothing()
        }
    }

    /// Starts, stops, restarts, holds or saves an instance, or wakes it again.
    func power(_ request: ComputePower) async throws -> InstanceOutcome {
        let instance = request.instance
        let method = "\(ComputePower.name).\(request.action.rawValue)"
        let graceful = Duration.seconds(max(0, min(Self.longestShutdown, request.shutdownTimeout)))
        return try await fenced(instance.id, request.fence, method) { [self] in
            switch request.action {
            case .start, .restore: try await driver.powerOn(instance, parts: try await existingParts(instance))
            case .stop, .softDelete: try await driver.powerOff(instance.id, graceful: graceful)
            case .rebootSoft:
                try await driver.reboot(instance, parts: try await existingParts(instance), graceful: graceful)
            case .rebootHard:
                try await driver.reboot(instance, parts: try await existingParts(instance), graceful: nil)
            case .pause: try await able(driver as? any PausingDriver, to: "pause").pause(instance.id)
            case .unpause: try await able(driver as? any PausingDriver, to: "unpause").unpause(instance.id)
            case .suspend: try await able(driver as? any SuspendingDriver, to: "suspend").suspend(instance.id)
            case .resume:
                try await able(driver as? any SuspendingDriver, to: "resume")
                    .resume(instance, parts: try await existingParts(instance))
            case .crashDump:
                try await able(driver as? any CrashDumpDriver, to: "interrupt").triggerCrashDump(instance.id)
            }
            return try await outcome(instance.id)
        }
    }

    /// The driver as one that can do something.
    ///
    /// - Throws: ``NovaError`` `notImplemented` when it cannot.
    func able<D>(_ driver: D?, to verb: String) throws -> D {
        guard let driver else {
            throw NovaError(.notImplemented, "The hypervisor of this host cannot \(verb) a guest.")
        }
        return driver
    }

    /// The end of the console's text.
    func console(_ request: ComputeConsoleOutput) async throws -> ComputeConsoleOutput.Response {
        guard let driver = driver as? any ConsoleTextDriver else {
            throw NovaError(.notImplemented, "The hypervisor of this host keeps no console text.")
        }
        let lines = request.lines.map { Int(clamping: max(0, $0)) }
        let text = try await driver.consoleText(request.serverID, lines: lines)
        return ComputeConsoleOutput.Response(text)
    }

    /// Whether an instance that the conductor misses is really not here: no domain, no folder, nothing under way.
    func isGone(_ id: ServerID) async throws -> Bool {
        try await gates.with(id) { [self] in
            guard !activity.isBusy(id), try await driver.powerState(id) == nil else { return false }
            return try await folders?.servers().contains(id) != true
        }
    }

    /// Removes an instance that the conductor does not know, unless something is being done to it.
    ///
    /// Its taps are found by the sweep of taps.
    func removeOrphan(_ id: ServerID) async throws {
        try await gates.with(id) { [self] in
            guard !activity.isBusy(id) else { return }
            activity.begin(id)
            defer { activity.end(id) }
            log.warning("removing an instance that does not belong on this host", metadata: ["server": "\(id)"])
            try await remove(id, NetworkInfo())
        }
    }

    /// Runs an action when its fence allows it, else answers what it answered before.
    func fenced<T: Record>(
        _ id: ServerID, _ fence: Fence, _ method: String, destroys: Bool = false, remembers: Bool = true,
        _ body: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        activity.begin(id)
        defer { activity.end(id) }
        return try await gates.with(id) { [self] in
            try await Faults.point("compute.\(method).before", "\(id)")
            if let old = try await fences.admit(id, fence, method: method, destroys: destroys) {
                return try T(decoding: old)
            }
            let started = SteadyClock.now
            do {
                let answer = try await body()
                try await Faults.point("compute.\(method).after", "\(id)")
                if remembers {
                    try await fences.finish(id, fence, method: method, outcome: answer.encoded(), destroyed: destroys)
                }
                ComputeMetrics.shared.note(method, "ok", started.duration(to: SteadyClock.now))
                try await Faults.point("compute.\(method).recorded", "\(id)")
                log.debug("\(method) done", metadata: ["server": "\(id)"])
                return answer
            } catch {
                ComputeMetrics.shared.note(method, "failed", started.duration(to: SteadyClock.now))
                let error = NovaError(error)
                log.error("\(method) failed: \(error)", metadata: ["server": "\(id)"])
                throw error.during("\(method) of instance \(id)")
            }
        }
    }

    func makeParts(_ instance: InstanceSpec) async throws -> InstanceParts {
        var parts = InstanceParts(folder: "")
        if let folders { parts = try await folders.make(instance) }
        parts.interfaces = try await plugger.plug(instance)
        try Task.checkCancellation()
        return parts
    }

    /// The parts of an instance that exists; its taps are made anew where the host was restarted.
    func existingParts(_ instance: InstanceSpec) async throws -> InstanceParts {
        var parts = InstanceParts(folder: "")
        if let folders { parts = try folders.existing(instance.id) }
        parts.interfaces = try await plugger.plug(instance)
        return parts
    }

    private func remove(_ id: ServerID, _ network: NetworkInfo) async throws {
        try await driver.destroy(id)
        known.forget(id)
        try await plugger.unplug(network, id)
        try await folders?.remove(id)
    }

    /// Cleans up after a failed build, also when it was cancelled: in a task that is not.
    private func discard(_ id: ServerID, _ network: NetworkInfo) async {
        await Task { [self] in
            do {
                try await remove(id, network)
            } catch {
                log.error("cleanup after a failed build: \(NovaError(error))", metadata: ["server": "\(id)"])
            }
        }.value
    }

    func outcome(_ id: ServerID) async throws -> InstanceOutcome {
        let state = try await driver.powerState(id) ?? .noState
        known.set(id, state)
        return InstanceOutcome(state)
    }
}
