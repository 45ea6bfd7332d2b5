import CLibvirt
import NovaCore
import NovaModel

extension LibvirtDomains {
    /// Holds a running guest; one that is held stays so.
    func pause(_ id: ServerID) async throws {
        try await onDomain(id, "pause") { domain in
            let state = try domain.powerState()
            guard state != .paused else { return }
            guard state == .running else { throw Self.wrong(state) }
            guard virDomainSuspend(domain.pointer) == 0 else { throw LibvirtError.last() }
        }
    }

    /// Lets a guest go on; one that runs stays so.
    func unpause(_ id: ServerID) async throws {
        try await onDomain(id, "unpause") { domain in
            let state = try domain.powerState()
            guard state != .running else { return }
            guard state == .paused else { throw Self.wrong(state) }
            guard virDomainResume(domain.pointer) == 0 else { throw LibvirtError.last() }
        }
    }

    static func wrong(_ state: PowerState) -> NovaError {
        NovaError(.conflict, "The guest is not running.", details: "its power state is \(state.rawValue)")
    }
}
