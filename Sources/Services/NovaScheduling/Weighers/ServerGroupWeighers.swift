public import NovaModel

/// Servers of a group with the policy `soft-affinity` that the host has.
public struct ServerGroupSoftAffinityWeigher: HostWeigher {
    public static let name = "ServerGroupSoftAffinityWeigher"
    public init() {}
    public func weight(_ host: HostState, _ request: SchedulingRequest) -> Double {
        guard let group = request.group, group.policy == .softAffinity else { return 0 }
        return Double(group.members(on: host.host))
    }
}

/// Servers of a group with the policy `soft-anti-affinity` that the host has, as a drawback.
public struct ServerGroupSoftAntiAffinityWeigher: HostWeigher {
    public static let name = "ServerGroupSoftAntiAffinityWeigher"
    public init() {}
    public func weight(_ host: HostState, _ request: SchedulingRequest) -> Double {
        guard let group = request.group, group.policy == .softAntiAffinity else { return 0 }
        return -Double(group.members(on: host.host))
    }
}
