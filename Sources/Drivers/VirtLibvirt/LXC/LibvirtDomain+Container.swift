import CLibvirt
import Glibc

extension LibvirtDomain {
    /// Asks a container's init to end.
    ///
    /// By initctl, which System V's hears, and by the signals that mean it to systemd (`SIGRTMIN+4`) and to busybox
    /// (`SIGUSR2`); the others take no notice of them.
    func requestContainerShutdown() throws {
        guard isActive else { return }
        _ = virDomainShutdownFlags(pointer, VIR_DOMAIN_SHUTDOWN_INITCTL.rawValue)
        for signal in [UInt32(38), UInt32(SIGUSR2)] {
            guard virDomainSendProcessSignal(pointer, 1, signal, 0) == 0 else {
                let error = LibvirtError.last()
                if !isActive { return }
                throw error
            }
        }
    }

    /// Which life of the domain this is: another one after each start.
    var life: UInt32 { virDomainGetID(pointer) }
}
