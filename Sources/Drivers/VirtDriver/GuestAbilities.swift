public import NovaCore
public import NovaModel

/// A driver that can hold a guest's processors still.
public protocol PausingDriver: VirtDriver {
    /// Holds a running guest; one that is held stays so.
    func pause(_ id: ServerID) async throws

    /// Lets a guest go on; one that runs stays so.
    func unpause(_ id: ServerID) async throws
}

/// A driver that can put a guest's memory on the disk and give its host's memory back.
public protocol SuspendingDriver: VirtDriver {
    /// Saves a guest and ends it; one that is saved stays so.
    func suspend(_ id: ServerID) async throws

    /// Brings a saved guest back to where it was; one that runs stays so.
    ///
    /// Any other way of starting the instance forgets what was saved.
    func resume(_ instance: InstanceSpec, parts: InstanceParts) async throws
}

/// A driver that can copy a guest's disk while the guest goes on.
public protocol SnapshotDriver: VirtDriver {
    /// Writes what an instance's first disk holds into a qcow2 file that needs no other file.
    ///
    /// The file appears whole or not at all; what a former try left is replaced.
    /// - Parameters:
    ///   - path: absolute; files beside it whose names begin with its name are the driver's.
    ///   - quiescing: whether the agent in a running guest makes its file systems whole first.
    /// - Throws: ``NovaError`` `conflict` when they must be and are not.
    func snapshot(_ id: ServerID, parts: InstanceParts, to path: String, quiescing: Quiescing) async throws

    /// Ends what a snapshot that was cut short still does, and removes what it left.
    func endSnapshot(_ id: ServerID, parts: InstanceParts, to path: String) async throws
}

/// A driver that can change a guest's network devices while the guest runs.
public protocol InterfaceDriver: VirtDriver {
    /// Gives an instance another network device, now and at each start; one that it has stays.
    ///
    /// - Throws: ``NovaError`` `notFound` without the instance.
    func attachInterface(_ instance: InstanceSpec, _ interface: PluggedPort) async throws

    /// Takes a network device away, for now and later; returns when the guest has let go of it.
    ///
    /// Succeeds when there is no such device or instance.
    /// - Throws: ``NovaError`` `conflict` when the guest does not let go of it in time; then it keeps the device.
    func detachInterface(_ instance: InstanceSpec, _ interface: PluggedPort) async throws
}

/// A driver that can interrupt a guest so that its system writes a dump.
public protocol CrashDumpDriver: VirtDriver {
    /// Sends the interrupt that nothing in the guest can mask.
    func triggerCrashDump(_ id: ServerID) async throws
}

/// A driver that can reach an agent in the guest.
public protocol PasswordDriver: VirtDriver {
    /// Sets the password of the guest's administrator.
    ///
    /// - Throws: ``NovaError`` `conflict` when the guest has no agent, or it does not do it.
    func setPassword(_ id: ServerID, _ password: Secret<String>) async throws
}

/// A driver that counts what a guest uses.
public protocol DiagnosticsDriver: VirtDriver {
    /// What a guest has used since it was started.
    func diagnostics(_ id: ServerID) async throws -> InstanceDiagnostics
}
