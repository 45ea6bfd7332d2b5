import NovaCore

/// All filters by their names.
public enum FilterCatalogue {
    /// Always on, after the others: a host that is full cannot be claimed, and one without the hardware refuses, so nobody
    /// gains by letting it pass.
    public static var resources: [any HostFilter] { [GuestHardwareFilter(), CoreFilter(), RamFilter(), DiskFilter()] }

    private static var optional: [any HostFilter] {
        [
            ComputeFilter(), AvailabilityZoneFilter(), ComputeCapabilitiesFilter(), ImagePropertiesFilter(),
            ServerGroupAntiAffinityFilter(), ServerGroupAffinityFilter(), SameHostFilter(), DifferentHostFilter(),
            AggregateInstanceExtraSpecsFilter(), AggregateMultiTenancyIsolation(), AggregateTypeAffinityFilter(),
        ]
    }

    /// What `[filter_scheduler] enabled_filters` is when nobody sets it.
    public static let defaultNames = [
        "ComputeFilter", "AvailabilityZoneFilter", "ComputeCapabilitiesFilter", "ImagePropertiesFilter",
        "ServerGroupAntiAffinityFilter", "ServerGroupAffinityFilter", "SameHostFilter", "DifferentHostFilter",
    ]

    /// The filters of these names, then those that are always on.
    ///
    /// - Throws: ``NovaError`` `badRequest` that lists the known names, for an unknown one.
    public static func filters(_ names: [String]) throws -> [any HostFilter] {
        var result: [any HostFilter] = []
        for name in names {
            if resources.contains(where: { $0.name == name }) { continue }
            guard let filter = optional.first(where: { $0.name == name }) else {
                let known = (resources + optional).map(\.name).joined(separator: ", ")
                throw NovaError(.badRequest, "There is no scheduler filter \(name). Known filters: \(known).")
            }
            result.append(filter)
        }
        return result + resources
    }
}
