public import Logging
public import NovaCore
public import NovaModel
import NovaConsoleLog
import NovaProcess
import NovaXML
public import VirtDriver

/// Instances as containers of libvirt, booted from an image of a root file system.
///
/// libvirt puts the image on a loop device and mounts it inside the container only, and makes the container's network
/// devices itself: all of that goes with the container, however it ends. A container's root is root on the host, held by
/// namespaces and missing capabilities alone: for users and images that are trusted.
public final class LXCDriver: ConsoleTextDriver, PausingDriver {
    public let name = "lxc"
    public let isReal = true
    public let events: AsyncStream<LifecycleEvent>
    public let partsForm = PartsForm(rootDisk: .raw, opensTaps: false)

    private let domains: LibvirtDomains
    private let console: ContainerConsole
    private let rootLink: RootLink
    private let files = WorkerThreads(name: "console", count: 1)
    private let supervisor: Task<Void, Never>

    /// Makes the driver; the connection is opened by the first call.
    public init(_ context: VirtDriverContext, options: LibvirtOptions, log: Logger) {
        let domains = LibvirtDomains(context, options: options, log: log)
        let program = options.consoleProgram.isEmpty ? OwnProgram.beside("nova-console-log") : options.consoleProgram
        let console = ContainerConsole(domains, program: program, log: log)
        self.domains = domains
        self.console = console
        rootLink = RootLink(instancesPath: context.instancesPath)
        let (events, continuation) = AsyncStream<LifecycleEvent>.makeStream(bufferingPolicy: .bufferingNewest(10_000))
        self.events = events
        // Not structured: it lives as long as the driver.
        supervisor = Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await console.run() }
                // A container that restarts itself has a new terminal.
                for await event in domains.events {
                    if event.powerState == .running { await console.attend(event.serverID) }
                    continuation.yield(event)
                }
                group.cancelAll()
            }
            continuation.finish()
        }
    }

    public func close() async {
        domains.close()
        supervisor.cancel()
        await supervisor.value
    }

    public func hostResources() async throws -> HostResources {
        var resources = try await domains.hostResources(type: "LXC")
        resources.abilities = Self.abilities.words
        return resources
    }

    private static var abilities: HostAbilities {
        var abilities = HostAbilities()
        abilities.isContainer = true
        return abilities
    }

    public func spawn(_ instance: InstanceSpec, parts: InstanceParts) async throws {
        try await domains.spawn(instance) { try await powerOn(instance, parts: parts) }
    }

    public func destroy(_ id: ServerID) async throws {
        try await domains.destroy(id)
        rootLink.remove(id)
    }

    public func powerOn(_ instance: InstanceSpec, parts: InstanceParts) async throws {
        let xml = try document(instance, parts)
        let before = try await powerState(instance.id)
        if before != .running, before != .paused { BoundedLog.remove(parts.consolePath) }
        try await domains.start(instance, xml)
        await console.attend(instance.id)
    }

    public func define(_ instance: InstanceSpec, parts: InstanceParts) async throws {
        try await domains.define(instance, document(instance, parts))
    }

    public func powerOff(_ id: ServerID, graceful timeout: Duration?) async throws {
        try await domains.powerOff(id, graceful: timeout) { $0.requestContainerShutdown() }
    }

    public func reboot(_ instance: InstanceSpec, parts: InstanceParts, graceful timeout: Duration?) async throws {
        if try await powerState(instance.id) != nil { try await powerOff(instance.id, graceful: timeout) }
        try await powerOn(instance, parts: parts)
    }

    public func pause(_ id: ServerID) async throws { try await domains.pause(id) }
    public func unpause(_ id: ServerID) async throws { try await domains.unpause(id) }

    public func powerState(_ id: ServerID) async throws -> PowerState? { try await domains.powerState(id) }

    public func powerStates() async throws -> [ServerID: PowerState] { try await domains.powerStates() }

    public func consoleText(_ id: ServerID, lines: Int?) async throws -> String {
        guard try await powerState(id) != nil else {
            throw NovaError(.notFound, "Instance \(id) could not be found.", details: "libvirt has no such domain")
        }
        let path = console.path(id)
        return try await files.run(within: domains.options.callTimeout, "read the console of \(id)") {
            ConsoleFile.tail([BoundedLog.older(path), path], lines: lines)
        }
    }

    private func document(_ instance: InstanceSpec, _ parts: InstanceParts) throws -> String {
        _ = try HardwareRules.decide(instance.flavor, image: instance.hardwareProperties, host: Self.abilities)
        let document = ContainerDocument(
            context: domains.context, instance: instance, parts: parts, rootPath: rootLink.path(instance.id))
        try rootLink.make(instance.id, to: try document.rootDisk.path)
        return try document.element.serialized()
    }
}
