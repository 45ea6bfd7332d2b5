import CLibvirt
import NovaCore
import NovaModel

// The agent in a guest, reached by libvirt through a channel that images ask for by hw_qemu_guest_agent.
extension LibvirtDriver {
    /// How long an agent may take for an answer, in seconds; by itself libvirt waits for ever.
    private static let agentLimit: Int32 = 10

    static func hasAgent(_ domain: borrowing LibvirtDomain) throws -> Bool {
        try domain.description().contains(DomainDocument.agentChannel)
    }

    /// Bounds what is asked of the agent from now on.
    static func limitAgent(_ domain: borrowing LibvirtDomain) {
        // A libvirt without this call has a limit of its own.
        virDomainAgentSetResponseTimeout(domain.pointer, agentLimit, 0)
    }

    /// Has the guest write what its file systems hold back, and stop writing.
    ///
    /// - Returns: whether it has to be thawed.
    /// - Throws: ``NovaError`` `conflict` when it is required and the agent does not do it.
    static func freeze(_ domain: borrowing LibvirtDomain, _ id: ServerID, _ quiescing: Quiescing) throws -> Bool {
        guard quiescing != .none else { return false }
        guard try hasAgent(domain) else {
            guard quiescing == .required else { return false }
            throw NovaError(
                .conflict,
                "Unable to quiesce instance \(id): QEMU guest agent is not enabled. "
                    + "Its image needs the property hw_qemu_guest_agent=yes.")
        }
        limitAgent(domain)
        if virDomainFSFreeze(domain.pointer, nil, 0, 0) >= 0 { return true }
        let cause = LibvirtError.last()
        // Of an answer that came too late nobody knows what was done.
        thaw(domain)
        guard quiescing == .required else { return false }
        throw NovaError(
            .conflict, "Unable to quiesce instance \(id): its guest agent did not do it.", details: cause.message)
    }

    /// Lets the guest write again; what fails here has not been frozen, or thaws with the guest's next start.
    static func thaw(_ domain: borrowing LibvirtDomain) {
        limitAgent(domain)
        virDomainFSThaw(domain.pointer, nil, 0, 0)
    }
}
