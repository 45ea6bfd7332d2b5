public import NovaModel

/// The host is enabled, not forced down, and serves its queue.
public struct ComputeFilter: HostFilter {
    public static let name = "ComputeFilter"
    public init() {}

    public func passes(_ host: HostState, _ request: SchedulingRequest) -> Bool {
        host.isAlive && !host.record.isDisabled && !host.record.isForcedDown
    }

    public func reason(_ host: HostState, _ request: SchedulingRequest) -> String {
        if host.record.isForcedDown { return "forced down" }
        if host.record.isDisabled { return "disabled" + (host.record.disabledReason.map { ": \($0)" } ?? "") }
        return "down: nobody serves its queue"
    }
}
