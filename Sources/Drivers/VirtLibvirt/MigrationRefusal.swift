import CLibvirt
import Glibc
import NovaModel

/// What libvirt of this host has against a guest of another one.
enum MigrationRefusal {
    static func all(_ needs: GuestNeeds, on connection: OpaquePointer) -> [String] {
        if let machine = ofMachine(needs, connection) { return [machine] }
        return ofCPU(needs, connection).map { [$0] } ?? []
    }

    private static func ofMachine(_ needs: GuestNeeds, _ connection: OpaquePointer) -> String? {
        guard !needs.machine.isEmpty else { return nil }
        let found = virConnectGetDomainCapabilities(
            connection, nil, needs.architecture, needs.machine, needs.virtType, 0)
        if let found {
            free(found)
            return nil
        }
        return "its hypervisor has no machine \(needs.machine) of kind \(needs.virtType)"
    }

    private static func ofCPU(_ needs: GuestNeeds, _ connection: OpaquePointer) -> String? {
        guard !needs.cpu.isEmpty else { return nil }
        let flags = VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE.rawValue
        let result = virConnectCompareHypervisorCPU(
            connection, nil, needs.architecture, needs.machine, needs.virtType, needs.cpu, flags)
        guard result < 0 || result == VIR_CPU_COMPARE_INCOMPATIBLE.rawValue else { return nil }
        let error = LibvirtError.last()
        // A hypervisor that cannot compare finds out when the guest comes.
        if result < 0, error.isUnsupported { return nil }
        return sentence(error.message)
    }

    /// What users are told of a comparison that failed: the features by name, not libvirt's sentence.
    static func sentence(_ message: String) -> String {
        let marker = "features: "
        guard let range = message.firstRange(of: marker) else { return "its CPU is not compatible with the guest's" }
        let features = message[range.upperBound...].split(whereSeparator: { ", ".contains($0) })
            .filter { $0.utf8.allSatisfy { $0 > 32 && $0 < 127 } }.prefix(64)
        return "its CPU lacks what the guest has: \(features.joined(separator: ", "))"
    }
}
