public import NovaModel

/// The host has the flavor's disk free, by placement's inventory (`DISK_GB`) with its ratio and reserve.
public struct DiskFilter: HostFilter {
    public static let name = "DiskFilter"
    public init() {}

    public func applies(to request: SchedulingRequest) -> Bool { request.flavor.diskGB > 0 }

    public func passes(_ host: HostState, _ request: SchedulingRequest) -> Bool {
        host.disk.free >= request.flavor.diskGB
    }

    public func reason(_ host: HostState, _ request: SchedulingRequest) -> String {
        "\(max(0, host.disk.free)) of \(host.disk.capacity) GiB free, \(request.flavor.diskGB) wanted"
    }
}
