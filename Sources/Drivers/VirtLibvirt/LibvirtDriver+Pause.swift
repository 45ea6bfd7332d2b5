import CLibvirt
public import NovaCore
public import NovaModel
public import VirtDriver

extension LibvirtDriver: PausingDriver {
    public func pause(_ id: ServerID) async throws { try await domains.pause(id) }
    public func unpause(_ id: ServerID) async throws { try await domains.unpause(id) }
}

extension LibvirtDriver: SuspendingDriver {
    public func suspend(_ id: ServerID) async throws {
        try await onDomain(id, "suspend", within: options.startTimeout) { domain in
            guard domain.isActive else {
                guard domain.hasSavedMemory else { throw LibvirtDomains.wrong(.shutdown) }
                return
            }
            guard virDomainManagedSave(domain.pointer, 0) == 0 else { throw LibvirtError.last() }
        }
    }

    public func resume(_ instance: InstanceSpec, parts: InstanceParts) async throws {
        try await withDocument(instance, parts) { try await start(instance, $0, keepsSavedMemory: true) }
    }
}

extension LibvirtDriver: CrashDumpDriver {
    public func triggerCrashDump(_ id: ServerID) async throws {
        try await onDomain(id, "interrupt") { domain in
            guard virDomainInjectNMI(domain.pointer, 0) == 0 else { throw LibvirtError.last() }
        }
    }
}

extension LibvirtDriver: PasswordDriver {
    public func setPassword(_ id: ServerID, _ password: Secret<String>) async throws {
        try await onDomain(id, "set the password of") { domain in
            guard try domain.description().contains(DomainDocument.agentChannel) else {
                throw NovaError(
                    .conflict,
                    "Failed to set admin password on \(id) because QEMU guest agent is not enabled. "
                        + "Its image needs the property hw_qemu_guest_agent=yes.")
            }
            Self.limitAgent(domain)
            guard virDomainSetUserPassword(domain.pointer, "root", password.reveal(), 0) == 0 else {
                throw NovaError(
                    .conflict, "Failed to set admin password on \(id) because error setting admin password",
                    details: LibvirtError.last().message)
            }
        }
    }
}
