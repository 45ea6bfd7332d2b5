import NovaCore

/// What extra specs of known namespaces may be, as the original checks them from 2.86 on.
enum ExtraSpecRules {
    private static let flags = [
        "hw:boot_menu", "hw:emulator_threads_policy", "hw:hide_hypervisor_id", "hw:locked_memory",
        "hw:mem_encryption", "hw:pmu", "hw:cpu_realtime", "hw_rng:allowed", "hw:vif_multiqueue_enabled",
        "quota:vif_limits",
    ]
    private static let choices: [String: [String]] = [
        "hw:cpu_policy": ["dedicated", "shared", "mixed"], "hw:cpu_thread_policy": ["prefer", "isolate", "require"],
        "hw:emulator_threads_policy": ["isolate", "share"],
        "hw:watchdog_action": ["none", "pause", "poweroff", "reset", "disabled"],
        "os:secure_boot": ["required", "disabled", "optional"],
        "hw:pci_numa_affinity_policy": ["required", "preferred", "legacy", "socket"],
        "hw:tpm_version": ["1.2", "2.0"], "hw:tpm_model": ["tpm-tis", "tpm-crb"],
    ]
    private static let numbers: Set<String> = [
        "hw:cpu_sockets", "hw:cpu_cores", "hw:cpu_threads", "hw:cpu_max_sockets", "hw:cpu_max_cores",
        "hw:cpu_max_threads", "hw:numa_nodes", "hw:serial_port_count", "hw_rng:rate_bytes", "hw_rng:rate_period",
        "hw_video:ram_max_mb", "hw:max_vcpus", "quota:cpu_shares", "quota:cpu_period", "quota:cpu_quota",
        "quota:disk_read_bytes_sec", "quota:disk_read_iops_sec", "quota:disk_write_bytes_sec",
        "quota:disk_write_iops_sec", "quota:disk_total_bytes_sec", "quota:disk_total_iops_sec",
        "quota:vif_inbound_average", "quota:vif_inbound_burst", "quota:vif_inbound_peak",
        "quota:vif_outbound_average", "quota:vif_outbound_burst", "quota:vif_outbound_peak",
    ]
    private static let texts: Set<String> = [
        "hw:mem_page_size", "hw:cpu_realtime_mask", "hw:cpu_dedicated_mask", "hw:machine_type", "hw:maxphysaddr_mode",
        "hw:maxphysaddr_bits", "hw:viommu_model", "hw:sound_model", "hw:usb_model", "hw:redirected_usb_ports",
        "hw:locked_memory", "hw:packed_virtqueue",
    ]
    /// Beginnings of keys that end in a number or a name.
    private static let families = [
        "hw:numa_cpus.", "hw:numa_mem.", "hw:pci_numa_affinity_policy.", "hw:ephemeral_encryption", "trait",
        "resources", "group_policy", "quota:",
    ]
    /// Namespaces whose keys are all known.
    private static let closed: Set<String> = ["hw", "hw_rng", "hw_video", "os", "quota", "accel", "pci_passthrough"]

    /// - Throws: `badRequest` for a key of a known namespace that is unknown, or a value that it cannot have.
    static func check(_ key: String, _ value: String) throws {
        func refuse(_ why: String) -> NovaError { NovaError(.badRequest, "Validation failed; \(why)") }
        if let words = choices[key] {
            guard words.contains(value) else { throw refuse("'\(value)' is not valid for the extra spec '\(key)'.") }
        } else if flags.contains(key) {
            let words = ["true", "false", "yes", "no", "on", "off", "1", "0", "t", "f", "y", "n"]
            guard words.contains(value.lowercased()) else {
                throw refuse("'\(value)' is no boolean for the extra spec '\(key)'.")
            }
        } else if numbers.contains(key) {
            guard Int64(value) != nil else { throw refuse("'\(value)' is no integer for the extra spec '\(key)'.") }
        } else if !texts.contains(key), !families.contains(where: { key.hasPrefix($0) }),
            let space = key.split(separator: ":").first.map(String.init), key.contains(":"), closed.contains(space),
            key != "accel:device_profile", key != "pci_passthrough:alias"
        {
            throw refuse("extra spec '\(key)' does not appear in the schema of its namespace.")
        }
    }
}
