public import NovaConfig
import NovaCore
import NovaScheduling

/// The scheduler's options, with Nova's names.
public enum SchedulerOptions {
    public static let enabledFilters = Option(
        "filter_scheduler", "enabled_filters", default: FilterCatalogue.defaultNames,
        help: "Filters that hosts must pass, in this order; those for memory, disk and CPUs are always on.")
    public static let hostSubsetSize = Option(
        "filter_scheduler", "host_subset_size", default: 1,
        help: "The host is picked at random among this many best ones.", in: 1...10_000)
    public static let shuffleTies = Option(
        "filter_scheduler", "shuffle_best_same_weighed_hosts", default: false,
        help: "Try hosts of equal weight in random order.")
    public static let ramMultiplier = multiplier("ram", 1, "free memory; negative stacks servers")
    public static let cpuMultiplier = multiplier("cpu", 1, "free virtual CPUs")
    public static let diskMultiplier = multiplier("disk", 1, "free disk")
    public static let ioOpsMultiplier = multiplier("io_ops", -1, "operations in progress; negative avoids busy hosts")
    public static let buildFailureMultiplier = multiplier("build_failure", 1_000_000, "builds that failed of late")
    public static let softAffinityMultiplier = multiplier("soft_affinity", 1, "servers of a soft-affinity group")
    public static let softAntiAffinityMultiplier = multiplier(
        "soft_anti_affinity", 1, "being without servers of a soft-anti-affinity group")
    public static let maxAttempts = Option(
        "scheduler", "max_attempts", default: 3,
        help: "Hosts tried for one server in all: an answer names one less as alternates.", in: 1...100)

    /// All of them.
    public static let all: [any OptionDeclaration] = [
        enabledFilters, hostSubsetSize, shuffleTies, ramMultiplier, cpuMultiplier, diskMultiplier, ioOpsMultiplier,
        buildFailureMultiplier, softAffinityMultiplier, softAntiAffinityMultiplier, maxAttempts,
    ]

    private static func multiplier(_ name: String, _ value: Double, _ what: String) -> Option<Double> {
        Option("filter_scheduler", "\(name)_weight_multiplier", default: value, help: "What a host gains by \(what).")
    }

    /// The selector that a configuration asks for; throws `badRequest` for an unknown filter.
    static func selector(_ config: Configuration) throws -> HostSelector {
        HostSelector(
            filters: try FilterCatalogue.filters(config[enabledFilters]),
            weightings: [
                .init(RAMWeigher(), config[ramMultiplier]), .init(CPUWeigher(), config[cpuMultiplier]),
                .init(DiskWeigher(), config[diskMultiplier]), .init(IoOpsWeigher(), config[ioOpsMultiplier]),
                .init(BuildFailureWeigher(), config[buildFailureMultiplier]),
                .init(ServerGroupSoftAffinityWeigher(), config[softAffinityMultiplier]),
                .init(ServerGroupSoftAntiAffinityWeigher(), config[softAntiAffinityMultiplier]),
            ], subsetSize: config[hostSubsetSize], shufflesTies: config[shuffleTies])
    }
}
