import NovaCore
public import NovaModel

/// The metadata of the host's aggregates fulfils the flavor's extra specs of the scope `aggregate_instance_extra_specs`.
public struct AggregateInstanceExtraSpecsFilter: HostFilter {
    public static let name = "AggregateInstanceExtraSpecsFilter"
    private static let scope = "aggregate_instance_extra_specs:"
    public init() {}

    public func applies(to request: SchedulingRequest) -> Bool {
        request.flavor.extraSpecs.keys.contains { Self.key($0) != nil }
    }

    public func passes(_ host: HostState, _ request: SchedulingRequest) -> Bool { unmet(host, request) == nil }

    public func reason(_ host: HostState, _ request: SchedulingRequest) -> String {
        "no aggregate has \(unmet(host, request) ?? "")"
    }

    private static func key(_ spec: String) -> String? {
        if spec.hasPrefix(scope) { return String(spec.dropFirst(scope.count)) }
        return spec.contains(":") ? nil : spec
    }

    private func unmet(_ host: HostState, _ request: SchedulingRequest) -> String? {
        for (spec, requirement) in request.flavor.extraSpecs {
            guard let key = Self.key(spec) else { continue }
            guard host.metadata(key).contains(where: { SpecOperator.matches($0, requirement) }) else {
                return "\(key) \(requirement)"
            }
        }
        return nil
    }
}

/// A host whose aggregates name projects (`filter_tenant_id…`) takes servers of these only.
public struct AggregateMultiTenancyIsolation: HostFilter {
    public static let name = "AggregateMultiTenancyIsolation"
    private static let prefix = "filter_tenant_id"
    public init() {}

    public func passes(_ host: HostState, _ request: SchedulingRequest) -> Bool {
        let named = host.aggregates.flatMap { $0.metadata.filter { $0.key.hasPrefix(Self.prefix) }.values }
        guard !named.isEmpty else { return true }
        return named.contains { AggregateList.names($0).contains(request.projectID.text) }
    }

    public func reason(_ host: HostState, _ request: SchedulingRequest) -> String { "kept for other projects" }
}

/// A host whose aggregates name flavors (`instance_type`) takes servers of these only.
public struct AggregateTypeAffinityFilter: HostFilter {
    public static let name = "AggregateTypeAffinityFilter"
    public init() {}

    public func passes(_ host: HostState, _ request: SchedulingRequest) -> Bool {
        let named = host.metadata("instance_type")
        return named.isEmpty || named.contains { AggregateList.names($0).contains(request.flavor.name) }
    }

    public func reason(_ host: HostState, _ request: SchedulingRequest) -> String { "kept for other flavors" }
}

/// The names in an aggregate's metadata value, which commas separate.
enum AggregateList {
    static func names(_ text: String) -> [String] {
        text.split(separator: ",").map { String($0.drop { $0 == " " }.prefix { $0 != " " }) }
    }
}
