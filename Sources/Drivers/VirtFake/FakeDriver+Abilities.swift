import Glibc
public import NovaCore
public import NovaModel
public import VirtDriver

extension FakeDriver: PausingDriver, SuspendingDriver, CrashDumpDriver, PasswordDriver, DiagnosticsDriver {
    public func pause(_ id: ServerID) async throws { try change(id, from: .running, to: .paused) }
    public func unpause(_ id: ServerID) async throws { try change(id, from: .paused, to: .running) }
    public func suspend(_ id: ServerID) async throws { try change(id, from: .running, to: .suspended) }

    public func resume(_ instance: InstanceSpec, parts: InstanceParts) async throws {
        try change(instance.id, from: .suspended, to: .running)
    }

    public func triggerCrashDump(_ id: ServerID) async throws { _ = try existing(id) }
    public func setPassword(_ id: ServerID, _ password: Secret<String>) async throws { _ = try existing(id) }

    public func diagnostics(_ id: ServerID) async throws -> InstanceDiagnostics {
        var diagnostics = InstanceDiagnostics()
        diagnostics.powerState = try existing(id).powerState
        diagnostics.hypervisor = "fake"
        diagnostics.cpus = [CPUDiagnostics(id: 0, time: 0)]
        return diagnostics
    }

    private func change(_ id: ServerID, from before: PowerState, to after: PowerState) throws {
        var entry = try existing(id)
        guard entry.powerState != after else { return }
        guard entry.powerState == before else {
            throw NovaError(
                .conflict, "The guest is \(entry.powerState.rawValue), not \(before.rawValue).", details: "fake driver")
        }
        entry.powerState = after
        try store(entry)
    }
}

extension FakeDriver: InterfaceDriver {
    public func attachInterface(_ instance: InstanceSpec, _ interface: PluggedPort) async throws {
        var entry = try existing(instance.id)
        guard !entry.ports.contains(interface.port.portID) else { return }
        entry.ports.append(interface.port.portID)
        try store(entry)
    }

    public func detachInterface(_ instance: InstanceSpec, _ interface: PluggedPort) async throws {
        guard try await powerState(instance.id) != nil else { return }
        var entry = try existing(instance.id)
        entry.ports.removeAll { $0 == interface.port.portID }
        try store(entry)
    }

    /// The ports of an instance's network devices.
    public func interfaces(of id: ServerID) throws -> [PortID] { try existing(id).ports }
}

extension FakeDriver: SnapshotDriver {
    public func snapshot(
        _ id: ServerID, parts: InstanceParts, to path: String, quiescing: Quiescing
    ) async throws {
        _ = try existing(id)
        let file = open("\(path).part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        let bytes = EmptyDisk.qcow2
        let written = file >= 0 ? Glibc.write(file, bytes, bytes.count) : -1
        if file >= 0 { Glibc.close(file) }
        guard written == bytes.count, rename("\(path).part", path) == 0 else {
            throw NovaError(
                .noSpace, "The compute host cannot store the snapshot.",
                details: "\(path): \(String(cString: strerror(errno)))")
        }
    }

    public func endSnapshot(_ id: ServerID, parts: InstanceParts, to path: String) async throws {
        unlink("\(path).part")
    }
}
