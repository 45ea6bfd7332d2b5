public import NovaModel

/// The host can give the guest the hardware that flavor and image ask for; one that does not say what it can passes.
public struct GuestHardwareFilter: HostFilter {
    public static let name = GuestHardware.filterName

    public init() {}

    public func applies(to request: SchedulingRequest) -> Bool {
        HardwareRules.asksAnything(request.flavor.extraSpecs, request.image?.properties ?? [:])
    }

    public func passes(_ host: HostState, _ request: SchedulingRequest) -> Bool { conflicts(host, request).isEmpty }

    public func reason(_ host: HostState, _ request: SchedulingRequest) -> String {
        conflicts(host, request).map(\.text).joined(separator: ". ")
    }

    private func conflicts(_ host: HostState, _ request: SchedulingRequest) -> [HardwareConflict] {
        guard let abilities = host.abilities else { return [] }
        return HardwareRules(request.flavor, image: request.image?.properties ?? [:], host: abilities).conflicts
    }
}
