import Glibc
public import Logging
public import NovaCore
public import NovaModel
import NovaProcess
import NovaXML
public import VirtDriver

/// Instances as libvirt's virtual machines.
public final class LibvirtDriver: ConsoleTextDriver {
    public let name = "libvirt"
    public let isReal = true
    public var events: AsyncStream<LifecycleEvent> { domains.events }

    let domains: LibvirtDomains
    let log: Logger
    private let files = WorkerThreads(name: "console", count: 1)
    private let diskCache: String
    let descriptions = HostDescriptionCache()
    /// Dedicated CPUs are given away by one at a time.
    let pinning = AsyncGate(limit: 1)

    var context: VirtDriverContext { domains.context }
    var options: LibvirtOptions { domains.options }
    var connection: LibvirtConnection { domains.connection }

    /// Makes the driver; the connection is opened by the first call.
    public init(_ context: VirtDriverContext, options: LibvirtOptions, log: Logger) {
        self.log = log
        domains = LibvirtDomains(context, options: options, log: log)
        diskCache = options.diskCache.isEmpty ? DiskCache.mode(for: context.instancesPath) : options.diskCache
    }

    public func close() async { domains.close() }

    public func hostResources() async throws -> HostResources {
        var resources = try await domains.hostResources(type: options.virtType == "test" ? "TEST" : "QEMU")
        resources.abilities = try await description()?.abilities.words ?? [:]
        return resources
    }

    public func spawn(_ instance: InstanceSpec, parts: InstanceParts) async throws {
        try await domains.spawn(instance) { try await powerOn(instance, parts: parts) }
    }

    public func destroy(_ id: ServerID) async throws { try await domains.destroy(id) }

    public func powerOn(_ instance: InstanceSpec, parts: InstanceParts) async throws {
        try await withDocument(instance, parts) { try await start(instance, $0) }
    }

    public func define(_ instance: InstanceSpec, parts: InstanceParts) async throws {
        try await withDocument(instance, parts) { try await domains.define(instance, $0) }
    }

    public func powerOff(_ id: ServerID, graceful timeout: Duration?) async throws {
        try await domains.powerOff(id, graceful: timeout) { try $0.requestShutdown() }
    }

    public func reboot(_ instance: InstanceSpec, parts: InstanceParts, graceful timeout: Duration?) async throws {
        if try await powerState(instance.id) != nil { try await powerOff(instance.id, graceful: timeout) }
        try await powerOn(instance, parts: parts)
    }

    public func powerState(_ id: ServerID) async throws -> PowerState? { try await domains.powerState(id) }

    public func powerStates() async throws -> [ServerID: PowerState] {
        let states = try await domains.powerStates()
        for (id, state) in states where state == .running {
            do {
                try await ConsoleBound.trim(InstanceParts(folder: "\(context.instancesPath)/\(id)").consolePath)
            } catch {
                log.warning("a console's log stays large: \(NovaError(error))", metadata: ["server": "\(id)"])
            }
        }
        return states
    }

    public func consoleText(_ id: ServerID, lines: Int?) async throws -> String {
        guard try await powerState(id) != nil else {
            throw NovaError(.notFound, "Instance \(id) could not be found.", details: "libvirt has no such domain")
        }
        let parts = InstanceParts(folder: "\(context.instancesPath)/\(id)")
        return try await files.run(within: options.callTimeout, "read the console of \(id)") {
            ConsoleFile.tail(parts.consoleTailPaths, lines: lines)
        }
    }

    /// What the host's abilities do not change.
    func domainDocument(_ instance: InstanceSpec, _ parts: InstanceParts) -> DomainDocument {
        DomainDocument(
            context: context, options: options, diskCache: diskCache, instance: instance, parts: parts,
            hardware: HardwareRules(instance.flavor, image: instance.hardwareProperties).hardware)
    }

    func start(_ instance: InstanceSpec, _ xml: String, keepsSavedMemory: Bool = false) async throws {
        // The console begins anew, and so does its history.
        let parts = InstanceParts(folder: "\(context.instancesPath)/\(instance.id)")
        try await domains.start(instance, xml, keepsSavedMemory: keepsSavedMemory) {
            for path in [parts.consoleHistoryPath] + parts.consoleBackupPaths { unlink(path) }
        }
    }
}
