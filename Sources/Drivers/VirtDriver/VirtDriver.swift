public import NovaCore
public import NovaModel

/// What every hypervisor driver can do.
///
/// Abilities that only some have are protocols of their own
/// (``ConsoleTextDriver``, …): the caller asks with `as?` and answers with a clear error when there is none.
///
/// A driver sees and touches only instances that it made for its own cloud and host. Each call may be repeated: a
/// repeated spawn finds the running instance and succeeds, a destroy of nothing succeeds. One call per instance runs
/// at a time, the caller sees to that.
public protocol VirtDriver: Sendable {
    /// The name for logs and metrics: "libvirt", "fake".
    var name: String { get }

    /// Whether instances are real: then the caller prepares images and disks and makes its fences durable.
    var isReal: Bool { get }

    /// How the parts of its instances are made.
    var partsForm: PartsForm { get }

    /// What the host has. Name, ratios and reserved amounts are the caller's to fill in.
    func hostResources() async throws -> HostResources

    /// Makes and starts an instance from prepared parts.
    ///
    /// - Throws: ``NovaError`` `hypervisor`, with the hypervisor's words as details; nothing is left behind then.
    func spawn(_ instance: InstanceSpec, parts: InstanceParts) async throws

    /// Stops an instance at once and forgets it; its folder is the caller's to remove.
    func destroy(_ id: ServerID) async throws

    /// Starts a stopped instance; a running one stays as it is.
    func powerOn(_ instance: InstanceSpec, parts: InstanceParts) async throws

    /// Makes an instance known without starting it; one that is there stays as it is.
    func define(_ instance: InstanceSpec, parts: InstanceParts) async throws

    /// Stops an instance: asks the guest first when a time is given, then switches it off.
    func powerOff(_ id: ServerID, graceful timeout: Duration?) async throws

    /// Restarts an instance: by asking the guest (hard once the time is over), or hard at once when no time is given.
    func reboot(_ instance: InstanceSpec, parts: InstanceParts, graceful timeout: Duration?) async throws

    /// The state of one of our instances; nil when there is none.
    func powerState(_ id: ServerID) async throws -> PowerState?

    /// All of our instances.
    func powerStates() async throws -> [ServerID: PowerState]

    /// Instances whose state changed, by us or by themselves. One consumer; ends with the driver.
    var events: AsyncStream<LifecycleEvent> { get }

    /// Lets go of connections and threads; instances go on.
    func close() async
}

extension VirtDriver {
    public var partsForm: PartsForm { PartsForm() }
}

/// A driver that keeps what guests print on their serial console.
public protocol ConsoleTextDriver: VirtDriver {
    /// The end of the console's text, at most 100 KiB.
    ///
    /// - Parameter lines: how many lines from the end; nil for all that is kept.
    /// - Throws: ``NovaError`` `notFound` when there is no such instance.
    func consoleText(_ id: ServerID, lines: Int?) async throws -> String
}

/// An instance whose power state may have changed.
public struct LifecycleEvent: Sendable, Hashable {
    public var serverID: ServerID
    public var powerState: PowerState

    public init(_ serverID: ServerID, _ powerState: PowerState) {
        self.serverID = serverID
        self.powerState = powerState
    }
}
