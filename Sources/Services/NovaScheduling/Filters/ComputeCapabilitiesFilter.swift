public import NovaModel

/// The host's values fulfil the flavor's extra specs: those in the scope `capabilities` and those without a scope.
public struct ComputeCapabilitiesFilter: HostFilter {
    public static let name = "ComputeCapabilitiesFilter"
    public init() {}

    public func applies(to request: SchedulingRequest) -> Bool {
        request.flavor.extraSpecs.keys.contains { Self.path($0) != nil }
    }

    public func passes(_ host: HostState, _ request: SchedulingRequest) -> Bool { fault(host, request) == nil }

    public func reason(_ host: HostState, _ request: SchedulingRequest) -> String { fault(host, request) ?? "" }

    private static func path(_ key: String) -> String? {
        if key.hasPrefix("capabilities:") { return String(key.dropFirst("capabilities:".count)) }
        return key.contains(":") ? nil : key
    }

    private func fault(_ host: HostState, _ request: SchedulingRequest) -> String? {
        for (key, requirement) in request.flavor.extraSpecs {
            guard let path = Self.path(key) else { continue }
            guard let value = Self.value(path, of: host) else { return "has no value for \(path)" }
            guard SpecOperator.matches(value, requirement) else { return "\(path) is \(value), wanted \(requirement)" }
        }
        return nil
    }

    private static func value(_ path: String, of host: HostState) -> String? {
        let resources = host.record.resources
        switch path {
        case "host": return resources.host
        case "nodename", "hypervisor_hostname": return resources.node
        case "host_ip": return resources.hostIP
        case "hypervisor_type": return resources.hypervisorType
        case "hypervisor_version": return String(resources.hypervisorVersion)
        case "vcpus_total": return String(resources.vcpus)
        case "vcpus_used": return String(host.cpu.used)
        case "total_usable_ram_mb": return String(resources.memoryMB)
        case "free_ram_mb": return String(host.memory.free)
        case "total_usable_disk_gb": return String(resources.diskGB)
        case "free_disk_mb": return String(host.disk.free * 1024)
        case "num_io_ops": return String(host.ioOperations)
        case "num_instances": return String(resources.runningInstances)
        case "cpu_info:arch": return resources.cpuInfo["arch"] ?? resources.architecture
        default:
            guard path.hasPrefix("cpu_info:") else { return nil }
            return resources.cpuInfo[String(path.dropFirst("cpu_info:".count))]
        }
    }
}
