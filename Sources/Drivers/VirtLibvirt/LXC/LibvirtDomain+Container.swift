import CLibvirt

extension LibvirtDomain {
    /// Asks a container's init to end; one that is gone has heard it already.
    func requestContainerShutdown() {
        guard isActive else { return }
        ContainerInit(of: life)?.askToEnd()
    }

    /// Which life of the domain this is: another one after each start, for a container its controller's process.
    var life: UInt32 { virDomainGetID(pointer) }
}
