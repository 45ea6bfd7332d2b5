public import NovaModel

/// The host has one of the servers that the hint `same_host` names.
public struct SameHostFilter: HostFilter {
    public static let name = "SameHostFilter"
    public init() {}

    public func applies(to request: SchedulingRequest) -> Bool { request.sameHosts != nil }

    public func passes(_ host: HostState, _ request: SchedulingRequest) -> Bool {
        request.sameHosts?.names.contains(host.host) ?? true
    }

    public func reason(_ host: HostState, _ request: SchedulingRequest) -> String { "none of the servers is there" }
}

/// The host has none of the servers that the hint `different_host` names.
public struct DifferentHostFilter: HostFilter {
    public static let name = "DifferentHostFilter"
    public init() {}

    public func applies(to request: SchedulingRequest) -> Bool { request.differentHosts != nil }

    public func passes(_ host: HostState, _ request: SchedulingRequest) -> Bool {
        !(request.differentHosts?.names.contains(host.host) ?? false)
    }

    public func reason(_ host: HostState, _ request: SchedulingRequest) -> String { "one of the servers is there" }
}
