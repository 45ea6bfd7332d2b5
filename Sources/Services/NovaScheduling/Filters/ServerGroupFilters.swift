public import NovaModel

/// A group with the policy `anti-affinity` has room for one more of its servers on the host.
public struct ServerGroupAntiAffinityFilter: HostFilter {
    public static let name = "ServerGroupAntiAffinityFilter"
    public init() {}

    public func applies(to request: SchedulingRequest) -> Bool { request.group?.policy == .antiAffinity }

    public func passes(_ host: HostState, _ request: SchedulingRequest) -> Bool {
        request.group?.allows(host.host) ?? true
    }

    public func reason(_ host: HostState, _ request: SchedulingRequest) -> String {
        "\(request.group?.members(on: host.host) ?? 0) servers of the group are there"
    }
}

/// The host has a server of a group with the policy `affinity`, unless no host has one.
public struct ServerGroupAffinityFilter: HostFilter {
    public static let name = "ServerGroupAffinityFilter"
    public init() {}

    public func applies(to request: SchedulingRequest) -> Bool { request.group?.policy == .affinity }

    public func passes(_ host: HostState, _ request: SchedulingRequest) -> Bool {
        request.group?.allows(host.host) ?? true
    }

    public func reason(_ host: HostState, _ request: SchedulingRequest) -> String {
        "the group's servers are on \(Set(request.group?.memberHosts ?? []).sorted().joined(separator: ", "))"
    }
}
