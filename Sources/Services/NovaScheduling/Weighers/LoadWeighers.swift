public import NovaModel

/// Operations in progress; its multiplier is negative by default.
public struct IoOpsWeigher: HostWeigher {
    public static let name = "IoOpsWeigher"
    public init() {}
    public func weight(_ host: HostState, _ request: SchedulingRequest) -> Double { Double(host.ioOperations) }
}

/// Builds that failed of late, as a drawback: the multiplier itself is positive.
public struct BuildFailureWeigher: HostWeigher {
    public static let name = "BuildFailureWeigher"
    public init() {}
    public func weight(_ host: HostState, _ request: SchedulingRequest) -> Double { -Double(host.failedBuilds) }
}
