public import NovaModel

/// The host is in the zone that the request names.
public struct AvailabilityZoneFilter: HostFilter {
    public static let name = "AvailabilityZoneFilter"
    public init() {}

    public func applies(to request: SchedulingRequest) -> Bool { request.availabilityZone?.isEmpty == false }

    public func passes(_ host: HostState, _ request: SchedulingRequest) -> Bool {
        host.zone == request.availabilityZone
    }

    public func reason(_ host: HostState, _ request: SchedulingRequest) -> String {
        "in zone \(host.zone)"
    }
}
