public import NovaModel

/// Free memory: spreads servers with a positive multiplier, stacks them with a negative one.
public struct RAMWeigher: HostWeigher {
    public static let name = "RAMWeigher"
    public init() {}
    public func weight(_ host: HostState, _ request: SchedulingRequest) -> Double { Double(host.memory.free) }
}

/// Free virtual CPUs.
public struct CPUWeigher: HostWeigher {
    public static let name = "CPUWeigher"
    public init() {}
    public func weight(_ host: HostState, _ request: SchedulingRequest) -> Double { Double(host.cpu.free) }
}

/// Free disk.
public struct DiskWeigher: HostWeigher {
    public static let name = "DiskWeigher"
    public init() {}
    public func weight(_ host: HostState, _ request: SchedulingRequest) -> Double { Double(host.disk.free) }
}
