public import NovaModel

/// The host has the flavor's virtual CPUs free, by placement's inventory (`VCPU`) with its ratio and reserve.
public struct CoreFilter: HostFilter {
    public static let name = "CoreFilter"
    public init() {}

    public func applies(to request: SchedulingRequest) -> Bool { request.flavor.vcpus > 0 }

    public func passes(_ host: HostState, _ request: SchedulingRequest) -> Bool {
        host.cpu.free >= request.flavor.vcpus
    }

    public func reason(_ host: HostState, _ request: SchedulingRequest) -> String {
        "\(max(0, host.cpu.free)) of \(host.cpu.capacity) vCPUs free, \(request.flavor.vcpus) wanted"
    }
}
