public import NovaModel

/// The host has the flavor's memory free, by placement's inventory (`MEMORY_MB`) with its ratio and reserve.
public struct RamFilter: HostFilter {
    public static let name = "RamFilter"
    public init() {}

    public func applies(to request: SchedulingRequest) -> Bool { request.flavor.memoryMB > 0 }

    public func passes(_ host: HostState, _ request: SchedulingRequest) -> Bool {
        host.memory.free >= request.flavor.memoryMB
    }

    public func reason(_ host: HostState, _ request: SchedulingRequest) -> String {
        "\(max(0, host.memory.free)) of \(host.memory.capacity) MiB free, \(request.flavor.memoryMB) wanted"
    }
}
